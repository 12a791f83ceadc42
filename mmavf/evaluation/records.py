"""Records of predicted clips, gathered from all batches and processes."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.dist import all_gather_object
from torch import Tensor

from mmavf.errors import ConfigError

from .predictions import ORIGIN_KEYS, Predictions


def to_record(sample: Mapping) -> dict:
    """Return what is kept of a data sample, as a mapping, that has its prediction. Tensors stay on their device.

    A sample without a label has a record without one. One with several classes counts as unlabelled.
    """
    task, score = _prediction(sample)
    record = dict(clip_key(sample), task=task, score=score)
    if 'gt_label' in sample:
        record['label'] = sample['gt_label']
    return record


def check_label(sample: Mapping) -> None:
    """Make sure that a data sample has a label to score its prediction by.

    Raises:
        ConfigError: It has none, or several.
    """
    if 'gt_label' in sample:
        return
    lacks = 'no label to compare with: the evaluated data set needs metainfo=dict(classes=…) or label_columns.'
    if 'gt_score' in sample:
        lacks = 'several classes (multi_label=True): evaluate on a list of clips with one class each.'
    raise ConfigError(f'{sample["sample_id"]} has {lacks}')


def _prediction(sample: Mapping) -> tuple[str, Tensor]:
    if 'pred_score' in sample:
        return 'classification', sample['pred_score']
    return 'regression', sample['pred_value']


def clip_key(sample: Mapping) -> dict:
    """Return the id, index and origin of a data sample's clip."""
    origin = {key: str(sample.get(key, '')) for key in ORIGIN_KEYS}
    return dict(id=sample['sample_id'], index=int(sample['index']), **origin)


def gather_records(records: Sequence[dict]) -> list[dict]:
    """Return the records of all processes on each of them, with arrays for tensors, ordered by source and index.

    A clip that several processes had, because samplers fill up their shares, comes once.
    """
    records = [dict(record) for record in records]
    for key in ('label', 'score'):
        having = [record for record in records if key in record]
        if having:
            values = torch.stack([record[key] for record in having]).double().cpu()  # one transfer for all clips
            for record, value in zip(having, values.numpy(), strict=True):
                record[key] = value
    everywhere = [record for part in all_gather_object(records) for record in part]
    distinct = {(record['source'], record['index'], record['id']): record for record in everywhere}
    return [distinct[key] for key in sorted(distinct)]


def from_records(records: Sequence[dict], names: Sequence[str]) -> Predictions:
    """Make Predictions of gathered records.

    Raises:
        ConfigError: There are none, their scores are not as many as the names, or only some have a label.
    """
    if not records:
        raise ConfigError('No clip was evaluated: the part of the list to evaluate is empty, or no clip can be used.')
    scores = np.stack([record['score'] for record in records])
    if scores.shape[1] != len(names):
        raise ConfigError(
            f'The model gives {scores.shape[1]} numbers per clip, the data set has {len(names)} classes or dimensions '
            f'({", ".join(names)}): make the head fit.'
        )
    return Predictions(
        ids=tuple(record['id'] for record in records),
        labels=_labels(records),
        scores=scores,
        names=tuple(names),
        task=records[0]['task'],
        **{key: tuple(record[key] for record in records) for key in ORIGIN_KEYS},
    )


def _labels(records: Sequence[dict]) -> np.ndarray | None:
    without = [record['id'] for record in records if 'label' not in record]
    if len(without) == len(records):
        return None
    if without:
        raise ConfigError(
            f'{len(without)} of {len(records)} clips have no label, among them {without[0]}: evaluate clips with and '
            'without labels apart.'
        )
    labels = np.stack([record['label'] for record in records])
    return labels.astype(np.int64) if labels.ndim == 1 else labels
