"""Features of clips: one vector each, saved in a file that needs no trust to be read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.structures import AVDataSample

from .batch import run_batch


class Features(NamedTuple):
    """Features of N clips.

    Attributes:
        ids: Names of the clips, N.
        features: Float32 (N, D): what the head classifies, mean over the views of a clip.
        labels: Int64 (N,) class indices, or float32 (N, K) values; None where the clips have no labels.
        failures: Names of the clips without a feature, and why: they cannot be read, or it is not finite.

    Examples:
        >>> import numpy as np
        >>> from mmavf.apis import Features
        >>> found = Features(['a', 'b'], np.zeros((2, 8), np.float32), labels=None, failures=[('c', 'empty file')])
        >>> found.features.shape
        (2, 8)
    """

    ids: list[str]
    features: np.ndarray
    labels: np.ndarray | None
    failures: list[tuple[str, str]]


def collect_features(model: nn.Module, loader: Iterable[dict]) -> Features:
    """Run a recognizer over a test loader.

    Args:
        model: A recognizer, in evaluation mode, on its device.
        loader: Batches as `collate_usable` makes them.

    Raises:
        ConfigError: Some clips have a label and others do not.

    Examples:
        >>> from mmavf.apis import collect_features, init_model, list_loader
        >>> model = init_model('configs/demo/avfmae_tiny_finetune.py', device='cpu')
        >>> found = collect_features(model, list_loader(model.cfg, 'clips.csv', data_root='clips'))
        >>> found.ids, found.features.shape, found.labels
        (['one.mp4', 'two.mp4'], (2, 160), None)
    """
    ids: list[str] = []
    views: list[Tensor] = []
    found: list[Tensor | None] = []
    failures: list[tuple[str, str]] = []
    for batch in loader:
        failures += [(sample.sample_id, sample.error) for sample in batch['failures']]
        if not batch['data_samples']:
            continue
        samples = batch['data_samples']
        feature = run_batch(model, batch, mode='tensor').feature.unflatten(0, (len(samples), -1))  # (B, V, D)
        views.append(feature.float().mean(dim=1).cpu())
        ids += [sample.sample_id for sample in samples]
        found += [_label(sample) for sample in samples]
    features = torch.cat(views) if views else torch.empty(0, 0)
    finite = features.isfinite().all(dim=1)
    failures += [(name, 'its feature is not finite') for name, good in zip(ids, finite, strict=True) if not good]
    labels = _stacked(found, ids)
    return Features(
        ids=[name for name, good in zip(ids, finite, strict=True) if good],
        features=features[finite].numpy(),
        labels=None if labels is None else labels[finite].numpy(),
        failures=failures,
    )


def save_features(found: Features, names: Sequence[str], path: Path, points: np.ndarray | None = None) -> None:
    """Write an npz file of plain arrays, to be read by `numpy.load` as it is.

    It has `ids` (N,), `features` (N, D), `names`, `labels` if the clips have them, and `points` if they are passed.

    Args:
        found: The features.
        names: Names of the classes or dimensions.
        path: The file.
        points: Places of the clips in a picture, (N, 2).

    Examples:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from mmavf.apis import Features, save_features
        >>> found = Features(['a', 'b'], np.zeros((2, 8), np.float32), labels=np.array([1, 0]), failures=[])
        >>> save_features(found, ['anger', 'fear'], Path('features.npz'))
        >>> with np.load('features.npz') as saved:
        ...     print(saved['names'][saved['labels']])
        ['fear' 'anger']
    """
    arrays: dict[str, Any] = dict(
        ids=np.array(found.ids, dtype=str), names=np.array(names, dtype=str), features=found.features
    )
    for name, value in dict(labels=found.labels, points=points).items():
        if value is not None:
            arrays[name] = value
    np.savez(path, **arrays)


def _label(sample: AVDataSample) -> Tensor | None:
    if 'gt_label' in sample:
        return sample.gt_label
    return sample.gt_score.argmax() if 'gt_score' in sample else None  # of several classes, the first


def _stacked(labels: Sequence[Tensor | None], ids: Sequence[str]) -> Tensor | None:
    """Return labels as one tensor on the CPU; None where no clip has one."""
    without = [name for name, label in zip(ids, labels, strict=True) if label is None]
    if not labels or len(without) == len(labels):
        return None
    if without:
        raise ConfigError(f'{without[0]} has no label, and other clips have one: label all clips of the list, or none.')
    return torch.stack([label for label in labels if label is not None]).cpu()
