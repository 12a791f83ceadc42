"""The card of a published model, made of the model, its checkpoint and the results of its tests."""

import json
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmavf.errors import ConfigError
from mmavf.evaluation.describe_test import trained_as
from mmavf.evaluation.result_files import METRICS_FILE
from mmavf.faces import FaceCropper
from mmavf.protocol.provenance import training_lineage, without_digests
from mmavf.version import __version__

from .preprocessing import describe_preprocessing, tested_pipeline
from .safe_config import without_init

_CROP = ('every', 'margin', 'max_gap_sec', 'smooth_sec')  # settings of the cropper that `mmavf prepare` does not vary
_PREPARED = ('detector', 'detector_sha256', 'choose', 'align_eyes', 'size', 'audio_channel')


def make_card(
    model: Any,
    meta: Mapping[str, Any],
    *,
    averaged: bool = False,
    metrics: Sequence[Mapping[str, Any]] = (),
    licence: str | None = None,
    origin: str | None = None,
    fps: float | None = None,
    face_crop: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the card of a model, all but its hashes, as plain values of JSON.

    Args:
        model: The model, with `cfg` and `dataset_meta` (see `init_model`).
        meta: Meta data of its checkpoint.
        averaged: Whether its weights are averages over a training (EMA).
        metrics: Results of tests, see `read_result`.
        licence: Licence of the weights.
        origin: Who trained them, and where they come from.
        fps: See `describe_preprocessing`.
        face_crop: See `describe_preprocessing`.

    Raises:
        ConfigError: The config holds something other than plain values, or it is not known what the outputs are.
    """
    pipeline = tested_pipeline(model.cfg, model)
    task, names = _outputs(model)
    card: dict[str, Any] = dict(
        mmavf_version=__version__,
        task=task,
        names=names,
        architecture=_architecture(model.cfg),
        preprocessing=describe_preprocessing(pipeline, model, fps, face_crop),
        weights=dict(parameters=sum(part.numel() for part in model.parameters()), averaged=averaged),
        training=dict(
            epoch=meta.get('epoch'),
            records=[_record(record) for record in training_lineage(meta)],
        ),
        metrics=list(metrics),
        calibration=None,
        marginals=None,
        contribution=None,
        licence=licence,
        origin=origin,
    )
    try:
        return json.loads(json.dumps(card, allow_nan=False))  # tuples become lists
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f'{model.cfg.filename or "the config"} holds values that JSON has not ({error}): write classes by name, '
            "type='…', and give plain numbers and texts."
        ) from error


def read_result(path: str | Path, names: Sequence[str], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a card keeps of the result of a test: scores, intervals, protocol, hashes of the lists.

    Args:
        path: `metrics.json` of `mmavf test`, or its folder.
        names: Names of the model's outputs.
        meta: Meta data of the checkpoint that was tested.

    Raises:
        ConfigError: It cannot be read, or is a result for other classes or of another checkpoint.
    """
    path = Path(path, METRICS_FILE) if Path(path).is_dir() else Path(path)
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        test = found['test']
        result = {key: found[key] for key in ('num_clips', 'key', 'metrics', 'intervals', 'selection')}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f'{path} is no metrics.json as mmavf test writes it: {error!r}') from error
    own = found.get('classes') or found.get('dims') or []
    if list(own) != list(names):
        raise ConfigError(f'{path} is a result for {", ".join(own)}, and the model predicts {", ".join(names)}.')
    _check_tested(path, found, meta)
    return result | dict(
        column=test.get('column'), fold=test.get('fold'), overlap=test.get('overlap'), lists=_lists(test['lists'])
    )


def _check_tested(path: Path, found: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Make sure that a result is of the checkpoint with these meta data; what its file does not say is not compared."""
    own = dict(trained=trained_as(meta), training=without_digests(meta.get('protocol')))
    own = json.loads(json.dumps(own))  # as the file has it: tuples become lists
    for part, of_checkpoint in own.items():
        if part in found and found[part] != of_checkpoint:
            differ = _differing(found[part], of_checkpoint)
            raise ConfigError(
                f'{path} is the test of another checkpoint ({found.get("checkpoint")}): {differ}. Pass the result of '
                'the one that is published, or test it: mmavf test CONFIG CHECKPOINT'
            )


def _differing(theirs: Any, own: Any) -> str:
    """Return in words what differs first between two descriptions of a training."""
    theirs, own = (part if isinstance(part, dict) else {} for part in (theirs, own))
    keys = [*own, *(key for key in theirs if key not in own)]
    key = next((key for key in keys if theirs.get(key) != own.get(key)), 'record')
    return f'its {key} is {theirs.get(key)}, and that of this one is {own.get(key)}'


def read_face_crop(manifest: str | Path) -> dict[str, Any]:
    """Return how `mmavf prepare` cropped the faces of a set.

    Args:
        manifest: The set's `manifest.json`.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        settings = json.loads(Path(manifest).read_text(encoding='utf-8'))['settings']
        known = {key: settings[key] for key in _PREPARED if key in settings}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f'{manifest} is no manifest.json as mmavf prepare writes it: {error!r}') from error
    defaults = signature(FaceCropper).parameters
    return known | {key: defaults[key].default for key in _CROP}


def _outputs(model: Any) -> tuple[str, list[str]]:
    if not hasattr(model, 'head'):
        return 'features', []
    for task, key in (('classification', 'classes'), ('regression', 'dims')):
        if names := model.dataset_meta.get(key):
            return task, list(names)
    raise ConfigError(
        'neither the checkpoint nor the config names what the head predicts: use the config that it was trained with, '
        'with metainfo.classes or label_columns of its test_dataloader.dataset.'
    )


def _architecture(cfg: Config) -> dict[str, Any]:
    content = cfg.to_dict()
    model = without_init(content['model'])
    preprocessor = model.get('data_preprocessor')
    if isinstance(preprocessor, dict) and 'batch_augment' in preprocessor:
        preprocessor['batch_augment'] = None  # acts in training alone
    return dict(
        model=model,
        imports=list((content.get('custom_imports') or {}).get('imports') or ()),
        dtype=(content.get('test_cfg') or {}).get('dtype', 'float32'),
    )


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    known = without_digests(record) or {}
    corpora = [Path(name).name for name in known.get('corpora') or ()]  # of a list of one's own it is its folder
    return known | dict(corpora=corpora, lists=_lists(known.get('lists', {})))


def _lists(hashes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return lists by the last parts of their paths, without the folders of the machine."""
    return [dict(name='/'.join(Path(name).parts[-3:]), sha256=digest) for name, digest in hashes.items()]
