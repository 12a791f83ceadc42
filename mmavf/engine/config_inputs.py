"""Whether the pipelines of a config open what its model takes in."""

from collections.abc import Mapping
from typing import Any

from mmavf.errors import ConfigError
from mmavf.protocol.protocol import LOADERS, data_sets

MODALITIES = ('video', 'audio')
_BY_MODALITY = ('AVFMAERecognizer', 'AVFMAEPretrainer')  # with an argument per encoder
_BY_MAPPING = ('MaskedAutoencoder',)  # with one for all


def check_inputs(cfg: Mapping[str, Any]) -> None:
    """Make sure that `OpenClip` opens those of video and sound for which the model has an encoder.

    Models and pipelines of other packages, of which this is not known, are left alone.

    Raises:
        ConfigError: Something is opened that the model would not look at, or the model would miss something.
    """
    encoders = _encoders(cfg.get('model') or {})
    if encoders is None:
        return
    for name in LOADERS:
        loader = cfg.get(name)
        for _, dataset in data_sets(loader if isinstance(loader, Mapping) else None):
            for opened in _opened(dataset.get('pipeline') or ()):
                _compare(name, opened, encoders)


def _encoders(model: Mapping[str, Any]) -> set[str] | None:
    """Return the modalities that a model has an encoder for; None of a model that is not ours."""
    kind = str(model.get('type', '')).removeprefix('mmavf.')
    if kind in _BY_MODALITY:
        return {modality for modality in MODALITIES if model.get(f'{modality}_encoder') is not None}
    if kind in _BY_MAPPING:
        return {modality for modality, encoder in (model.get('encoders') or {}).items() if encoder is not None}
    return None


def _opened(pipeline: Any) -> list[set[str]]:
    """Return what each `OpenClip` of a pipeline opens; nothing of transforms that are already built."""
    steps = [step for step in pipeline if isinstance(step, Mapping)]
    openers = [step for step in steps if str(step.get('type')).removeprefix('mmavf.') == 'OpenClip']
    return [set(step.get('modalities', MODALITIES)) for step in openers]


def _compare(loader: str, opened: set[str], encoders: set[str]) -> None:
    for modality in MODALITIES:
        if modality in opened - encoders:
            raise ConfigError(
                f'{loader}: its pipeline opens {modality}, but the model has no {modality} encoder. Take pipelines '
                'without it, such as those of configs/small or configs/_base_/datasets/finetune_'
                f'{MODALITIES[modality == "video"]}.py, or set model.{modality}_encoder.'
            )
        if modality in encoders - opened:
            raise ConfigError(
                f'{loader}: its pipeline does not open {modality}, but the model has an encoder for it. Set '
                f'model.{modality}_encoder and model.correlation to None, or open it (OpenClip.modalities) and read it.'
            )
