"""Predictions of a model for the clips of a labelled list, with all that it gets or without a modality."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmavf.errors import ClipError, ConfigError
from mmavf.evaluation import Predictions
from mmavf.evaluation.records import from_records, gather_records, to_record

from .batch import encode_batch, run_batch

WHOLE = 'both'


def collect_predictions(model: Any, loader: Iterable[dict]) -> Predictions:
    """Return a model's predictions for the labelled clips of a loader.

    Args:
        model: A recognizer, in evaluation mode, with `dataset_meta`.
        loader: Batches as `collate_usable` makes them.

    Raises:
        ClipError: A clip cannot be used.
        ConfigError: A clip has no label, or there is no clip.
    """
    records = []
    for batch in _usable(loader):
        records += [to_record(sample.to_dict()) for sample in run_batch(model, batch)]
    return from_records(gather_records(records), names_of(model))


def predictions_without(model: Any, loader: Iterable[dict]) -> dict[str, Predictions]:
    """Return predictions with both modalities, and with each of them replaced by its mean tokens.

    Args:
        model: A recognizer with `marginals` (see `init_model`).
        loader: Batches as `collate_usable` makes them.

    Returns:
        Predictions under the names `both`, `without video` and `without audio`.

    Raises:
        ClipError: A clip cannot be used.
        ConfigError: The model has no mean tokens, a clip has no label, or there is no clip.
    """
    if not model.marginals:
        raise ConfigError(
            'the model carries no mean tokens that stand for a missing modality: publish it with --marginal LIST.'
        )
    replaced: Mapping[str, Sequence[str]] = {WHOLE: ()} | {f'without {m}': (m,) for m in model.marginals}
    records: dict[str, list[dict]] = {kind: [] for kind in replaced}
    for batch in _usable(loader):
        encoded = encode_batch(model, batch)
        for kind, modalities in replaced.items():
            given = encoded | {m: model.marginals[m] for m in modalities}
            records[kind] += [to_record(sample.to_dict()) for sample in run_batch(model, batch, given=given)]
    return {kind: from_records(gather_records(found), names_of(model)) for kind, found in records.items()}


def names_of(model: Any) -> list[str]:
    """Return the names of what a model's head predicts, its classes or its dimensions; [] where it has none."""
    return list(model.dataset_meta.get('classes') or model.dataset_meta.get('dims') or [])


def _usable(loader: Iterable[dict]) -> Iterable[dict]:
    for batch in loader:
        if batch['failures']:
            first = batch['failures'][0]
            raise ClipError(f'{first.sample_id}: {first.error}. Fix the clip, or remove it from the list.')
        for sample in batch['data_samples']:
            if 'gt_label' not in sample:
                raise ConfigError(f'{sample.sample_id} has no label, or several: the list must have one for each clip.')
        yield batch
