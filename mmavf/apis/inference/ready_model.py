"""A model made ready for recordings: read, its precision settled, and what computes it chosen."""

import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from mmengine.config import Config
from torch import nn

from mmavf.apis.batch import computes_in_bf16
from mmavf.apis.model import init_model
from mmavf.errors import ConfigError
from mmavf.models.layers import hold_in_bf16

from .openvino_model import OpenVINOModel, check_openvino

Source: TypeAlias = nn.Module | Config | str | Path
Precision = Literal['float32', 'bfloat16']
Engine = Literal['pytorch', 'openvino']


def read_model(
    source: Source,
    checkpoint: str | Path | None = None,
    device: str | torch.device | None = None,
    precision: Precision | None = None,
    engine: Engine = 'pytorch',
) -> Any:
    """Return a model of `init_model` that will compute in a precision.

    Args:
        source: What `init_model` reads; or a model, which is returned as it is.
        checkpoint: Checkpoint file, with a config.
        device: Where the model runs; None: the GPU if there is one, else the CPU; with OpenVINO the CPU.
        precision: 'float32'; 'bfloat16', where the device has units for it, else float32 with a warning; None: as in
            the model's test.
        engine: What will compute it: 'pytorch' or 'openvino'.

    Raises:
        ConfigError: An argument is impossible, or OpenVINO is not installed.
        CheckpointError: The weights cannot be read or do not fit.
    """
    _check_choice('engine', engine, Engine)
    if precision is not None:
        _check_choice('precision', precision, Precision)
    if engine == 'openvino':
        check_openvino()
        device = device or 'cpu'
    if isinstance(source, nn.Module):
        if precision is not None:
            raise ConfigError(
                'precision is for a model that is read here; for this one its cfg.test_cfg.dtype says it.'
            )
        return source
    model: Any = init_model(source, checkpoint, device)
    if precision is not None:
        model.cfg = deepcopy(model.cfg)
        model.cfg.test_cfg = dict(model.cfg.get('test_cfg') or {}, dtype=precision)
    if precision == 'bfloat16' and not computes_in_bf16(model):
        warnings.warn(
            'this device has no bfloat16 units, without which float32 is faster: float32 is used', stacklevel=2
        )
    return model


def engine_for(model: Any, source: Source, engine: Engine = 'pytorch') -> nn.Module:
    """Return what computes the forward of a model of `read_model`: the model itself, or an `OpenVINOModel`.

    The weights of a model that was read, and computes in bfloat16, are held in it from now on.

    Raises:
        ConfigError: OpenVINO cannot compute it, or not on this device.
        CheckpointError: The `model.onnx` of its folder is not the file that the card names.
    """
    if engine == 'openvino':
        return OpenVINOModel(model, None if isinstance(source, nn.Module | Config) else Path(source))
    if model is not source and computes_in_bf16(model):
        hold_in_bf16(model)
    return model


def _check_choice(name: str, value: str, allowed: Any) -> None:
    if value not in allowed.__args__:
        raise ConfigError(f'{name} must be one of {", ".join(allowed.__args__)}, not {value!r}')
