"""From the data samples that a model returns, batch by batch and on several processes, to Predictions."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.dist import all_gather_object

from mmavf.errors import ConfigError

from .predictions import ORIGIN_KEYS, Predictions


def to_record(sample: Mapping) -> dict:
    """Return what is kept of a data sample, as a mapping, that has its prediction. Tensors stay on their device.

    Raises:
        ConfigError: The sample has no label, or several.
    """
    if 'gt_label' not in sample:
        lacks = 'no label to compare with: the evaluated data set needs metainfo=dict(classes=…) or label_columns.'
        if 'gt_score' in sample:
            lacks = 'several classes (multi_label=True): evaluate on a list of clips with one class each.'
        raise ConfigError(f'{sample["sample_id"]} has {lacks}')
    score = sample['pred_score'] if 'pred_score' in sample else sample['pred_value']
    return dict(clip_key(sample), label=sample['gt_label'], score=score)


def clip_key(sample: Mapping) -> dict:
    """Return what a data sample, as a mapping, tells about the clip's place and origin."""
    origin = {key: str(sample.get(key, '')) for key in ORIGIN_KEYS}
    return dict(id=sample['sample_id'], index=int(sample['index']), **origin)


def gather_records(records: Sequence[dict]) -> list[dict]:
    """Return the records of all processes on each of them, with arrays for tensors, ordered by source and index.

    A clip that several processes had, because samplers give each equally many, comes once.
    """
    records = [dict(record) for record in records]
    for key in {'label', 'score'} & {key for record in records for key in record}:
        values = torch.stack([record[key] for record in records]).double().cpu()  # one transfer for all clips
        for record, value in zip(records, values.numpy(), strict=True):
            record[key] = value
    everywhere = [record for part in all_gather_object(records) for record in part]
    distinct = {(record['source'], record['index'], record['id']): record for record in everywhere}
    return [distinct[key] for key in sorted(distinct)]


def from_records(records: Sequence[dict], names: Sequence[str]) -> Predictions:
    """Make Predictions of gathered records.

    Raises:
        ConfigError: There are none, or their scores are not as many as the names.
    """
    if not records:
        raise ConfigError('No clip was evaluated: the part of the list to evaluate is empty, or no clip can be used.')
    labels = np.stack([record['label'] for record in records])
    scores = np.stack([record['score'] for record in records])
    if scores.shape[1] != len(names):
        raise ConfigError(
            f'The model gives {scores.shape[1]} numbers per clip, the data set has {len(names)} classes or dimensions '
            f'({", ".join(names)}): make the head fit.'
        )
    return Predictions(
        ids=tuple(record['id'] for record in records),
        labels=labels.astype(np.int64) if labels.ndim == 1 else labels,
        scores=scores,
        names=tuple(names),
        **{key: tuple(record[key] for record in records) for key in ORIGIN_KEYS},
    )
