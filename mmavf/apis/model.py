"""A model from a config and a checkpoint, or from the folder of a published model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from torch import nn

from mmavf.checkpoints.published import read_published
from mmavf.datasets.labels import read_classes
from mmavf.engine.config_file import load_config
from mmavf.errors import CheckpointError, ConfigError
from mmavf.registry import MODELS
from mmavf.version import __version__

from .marginals import output_of
from .safe_config import check_parts


def init_model(
    config: Config | str | Path, checkpoint: str | Path | None = None, device: str | torch.device | None = None
) -> nn.Module:
    """Build the model of a config, load its weights, and make it ready for evaluation.

    Weights are those that a test uses: of a run with `EMAHook` the averaged ones. Reading them executes no code, and
    neither does reading the folder of a published model; a config file is a program.

    Args:
        config: A config, the path of one, or the folder of a published model, which has its weights with it.
        checkpoint: Checkpoint file or address, whose weights must be exactly those of the model; None leaves the model
            as it is built, with random weights.
        device: Where the model runs; None: the GPU if there is one, else the CPU.

    Returns:
        The model in evaluation mode, with more attributes: `cfg`, the config; `dataset_meta`, a dictionary with the
        names of what its head predicts, `classes` or `dims`, if the checkpoint or the config has them; `card`, the
        content of a published model's `model.json`, else None; `marginals`, by modality the mean `EncoderOutput` that
        may stand for it (see `AVFMAERecognizer.encode`), {} where the model was not published with them.

    Raises:
        ConfigError: The config cannot be read or has keys that nothing reads; or its classes are not those of the
            checkpoint in the same order.
        CheckpointError: The checkpoint, or the published model, cannot be read or trusted, or does not fit the model.

    Examples:
        >>> from mmavf.apis import init_model
        >>> model = init_model('configs/demo/avfmae_tiny_finetune.py', device='cpu')
        >>> model.dataset_meta['classes']
        ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness']
        >>> model.cfg.model.type, model.training
        ('AVFMAERecognizer', False)
    """
    device = get_device() if device is None else device
    if not isinstance(config, Config) and Path(config).is_dir():
        if checkpoint is not None:
            raise ConfigError(f'{config} is a folder, whose model has its weights with it: pass no checkpoint.')
        return _published(config, device)
    cfg = config if isinstance(config, Config) else load_config(str(config))
    model = _build(cfg)
    meta = {} if checkpoint is None else _load(model, str(checkpoint), cfg)
    model.card, model.marginals = None, {}
    model.dataset_meta = _dataset_meta(cfg, meta.get('dataset_meta') or {}, str(checkpoint))
    return model.to(device).eval()


def _build(cfg: Config) -> Any:
    with DefaultScope.overwrite_default_scope('mmavf'):
        model = MODELS.build(cfg.model)
    model.cfg = cfg
    return model


def _published(folder: str | Path, device: str | torch.device) -> nn.Module:
    cfg, weights, card, marginals = read_published(folder)
    check_parts(cfg)
    try:
        model = _build(cfg)
        model.load_state_dict(weights)
    except (RuntimeError, TypeError, ValueError, KeyError) as error:  # ConfigError is a ValueError
        raise CheckpointError(
            f'{folder}: the weights do not fit the model that the card describes, or this version of mmavf '
            f'({__version__}, the card is of {card["mmavf_version"]}) has no such model: {error}'
        ) from error
    model.card = card
    model.marginals = {m: output_of(marginals, m, device) for m in model.encoders if marginals}
    names = dict(classification='classes', regression='dims').get(card['task'])
    model.dataset_meta = {names: list(card['names'])} if names else {}
    return model.to(device).eval()


def _load(model: nn.Module, checkpoint: str, cfg: Config) -> dict:
    """Load weights, all of them; return the meta data of the checkpoint."""
    try:
        # MMEngine's default also strips modul<any letter>
        loaded = load_checkpoint(
            model, checkpoint, 'cpu', strict=True, logger='silent', revise_keys=[(r'^module\.', '')]
        )
    except CheckpointError:
        raise
    except RuntimeError as error:
        raise CheckpointError(
            f'{checkpoint} does not fit the model of {cfg.filename or "the config"}: {error}'
        ) from error
    return loaded.get('meta') or {}


def _dataset_meta(cfg: Config, trained: Mapping[str, Any], checkpoint: str) -> dict[str, Any]:
    """Return the names of what the head predicts, those of the checkpoint before those of the config."""
    dataset = (cfg.get('test_dataloader') or {}).get('dataset', {})
    if 'datasets' in dataset:  # parts of a concatenation share their classes
        dataset = dataset['datasets'][0]
    classes = (dataset.get('metainfo') or {}).get('classes')
    if 'classes' in trained:
        if not isinstance(classes, str | None) and list(classes) != list(trained['classes']):
            raise ConfigError(
                f'{checkpoint} tells apart {", ".join(trained["classes"])}, and {cfg.filename or "the config"} '
                f'{", ".join(classes)}: use the config that it was trained with.'
            )
        return {**trained, 'classes': list(trained['classes'])}
    if classes is not None:
        return {**trained, 'classes': read_classes(classes)}
    dims = list(dataset.get('label_columns') or ())
    return {**trained, 'dims': dims} if dims else dict(trained)
