"""What a recognizer makes of clips: one feature vector each, kept in a file that needs no trust to be read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.structures import AVDataSample


class Features(NamedTuple):
    """Features of N clips.

    Attributes:
        ids: Names of the clips, N.
        features: Float32 (N, D): what the head classifies, mean over the views of a clip.
        labels: Int64 (N,) class indices, or float32 (N, K) values.
        failures: Names of the clips without a feature, and why: they cannot be read, or it is not finite.
    """

    ids: list[str]
    features: np.ndarray
    labels: np.ndarray
    failures: list[tuple[str, str]]


@torch.no_grad()
def collect_features(model: nn.Module, loader: Iterable[dict]) -> Features:
    """Run a recognizer over a test loader.

    Args:
        model: A recognizer, in evaluation mode, on its device.
        loader: Batches as `collate_usable` makes them.

    Raises:
        ConfigError: A clip has no label.
    """
    ids, features, labels, failures = [], [], [], []
    for batch in loader:
        failures += [(sample.sample_id, sample.error) for sample in batch['failures']]
        if not batch['data_samples']:
            continue
        data = model.data_preprocessor(dict(inputs=batch['inputs'], data_samples=batch['data_samples']))
        samples = data['data_samples']
        output = model(data['inputs'], samples, mode='tensor')
        views = output.feature.unflatten(0, (len(samples), -1))  # (B * V, D) -> (B, V, D)
        features.append(views.float().mean(dim=1).cpu())
        ids += [sample.sample_id for sample in samples]
        labels += [_label(sample) for sample in samples]
    features = torch.cat(features) if features else torch.empty(0, 0)
    finite = features.isfinite().all(dim=1)
    failures += [(name, 'its feature is not finite') for name, good in zip(ids, finite, strict=True) if not good]
    labels = torch.stack(labels).cpu() if labels else torch.empty(0)
    return Features(
        ids=[name for name, good in zip(ids, finite, strict=True) if good],
        features=features[finite].numpy(),
        labels=labels[finite].numpy(),
        failures=failures,
    )


def _label(sample: AVDataSample) -> Tensor:
    if 'gt_label' in sample:
        return sample.gt_label
    if 'gt_score' in sample:
        return sample.gt_score.argmax()  # of several classes, the first
    raise ConfigError(
        f'{sample.sample_id} has no label to be coloured by: the data set needs classes or label_columns.'
    )


def save_features(found: Features, names: Sequence[str], path: Path, points: np.ndarray | None = None) -> None:
    """Write an npz file of plain arrays, to be read by `numpy.load` as it is.

    It has `ids` (N,), `features` (N, D), `labels`, `names` of the classes or dimensions, and where they are given
    `points` (N, 2): the clips' places in a picture.
    """
    arrays = dict(ids=np.array(found.ids, dtype=str), names=np.array(names, dtype=str))
    if points is not None:
        arrays['points'] = points
    np.savez(path, features=found.features, labels=found.labels, **arrays)
