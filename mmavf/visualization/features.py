"""What a recognizer makes of clips: one feature vector each, kept in a file that needs no trust to be read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmavf.structures import AVDataSample


class Features(NamedTuple):
    """Features of N clips.

    Attributes:
        ids: Names of the clips, N.
        features: Float32 (N, D): what the head classifies, mean over the views of a clip.
        labels: Int64 (N,) class indices, or float32 (N, K) values; None without labels.
        failures: Clips that could not be read; their meta information `error` says why.
    """

    ids: list[str]
    features: np.ndarray
    labels: np.ndarray | None
    failures: list[AVDataSample]


@torch.no_grad()
def collect_features(model: nn.Module, loader: Iterable[dict]) -> Features:
    """Run a recognizer over a test loader.

    Args:
        model: A recognizer, in evaluation mode, on its device.
        loader: Batches as `collate_usable` makes them.
    """
    ids, features, labels, failures = [], [], [], []
    for batch in loader:
        failures += batch['failures']
        if not batch['data_samples']:
            continue
        data = model.data_preprocessor(dict(inputs=batch['inputs'], data_samples=batch['data_samples']))
        samples = data['data_samples']
        output = model(data['inputs'], samples, mode='tensor')
        views = output.feature.unflatten(0, (len(samples), -1))  # (B * V, D) -> (B, V, D)
        features.append(views.float().mean(dim=1).cpu())
        ids += [sample.sample_id for sample in samples]
        labels += [_label(sample) for sample in samples]
    known = bool(labels) and all(label is not None for label in labels)
    return Features(
        ids=ids,
        features=torch.cat(features).numpy() if features else np.empty((0, 0), dtype=np.float32),
        labels=torch.stack(labels).cpu().numpy() if known else None,
        failures=failures,
    )


def _label(sample: AVDataSample) -> Tensor | None:
    if 'gt_label' in sample:
        return sample.gt_label
    return sample.gt_score.argmax() if 'gt_score' in sample else None  # of several classes, the first


def save_features(found: Features, points: np.ndarray, names: Sequence[str], path: Path) -> None:
    """Write an npz file of plain arrays, to be read by `numpy.load` as it is.

    It has `ids` (N,), `features` (N, D), `points` (N, 2): their places in the picture, `names`: of the classes or
    dimensions, and `labels` where there are some.
    """
    arrays = dict(ids=np.array(found.ids, dtype=str), features=found.features, points=points)
    arrays['names'] = np.array(names, dtype=str)
    if found.labels is not None:
        arrays['labels'] = found.labels
    np.savez(path, **arrays)
