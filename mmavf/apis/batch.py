"""A batch through a model."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from mmavf.engine.optimizers import has_bf16_units
from mmavf.errors import ClipError
from mmavf.models.encoders import EncoderOutput


@torch.no_grad()
def run_batch(model: nn.Module, batch: dict, mode: str = 'predict', **options: Any) -> Any:
    """Run a model on a batch as a test does: its data preprocessor, its device, its precision.

    Under bfloat16 autocast where the config's `test_cfg.dtype` says so and the device has units for it.

    Args:
        model: A model in evaluation mode, such as `init_model` returns.
        batch: `inputs` and `data_samples` of a loader; other keys are ignored. Without a usable clip `inputs` is None
            (see `collate_usable`).
        mode: 'predict' for the data samples with predictions, 'tensor' for what the model computes.
        **options: Further arguments of the model's `forward`, such as `given` of a recognizer.

    Returns:
        What the model returns in this mode; [] for 'predict' where no clip is usable.

    Raises:
        ClipError: No clip is usable, in another mode.

    Examples:
        >>> import torch
        >>> from mmavf.apis import init_model, run_batch
        >>> from mmavf.structures import AVDataSample
        >>> model = init_model('configs/demo/avfmae_tiny_finetune.py', device='cpu')
        >>> inputs = dict(
        ...     video=torch.zeros(1, 2, 4, 96, 96, 3, dtype=torch.uint8),  # clips, views, frames, rows, columns, RGB
        ...     audio=torch.zeros(1, 2, 256, 128),  # clips, views, time, mel
        ... )
        >>> (sample,) = run_batch(model, dict(inputs=inputs, data_samples=[AVDataSample()]))
        >>> sample.pred_score.shape
        torch.Size([6])
    """
    if mode == 'predict' and batch['inputs'] is None:
        return []
    with _as_tested(model, batch) as prepared:
        return model(**prepared, mode=mode, **options)


@torch.no_grad()
def encode_batch(model: Any, batch: dict, modalities: Collection[str] | None = None) -> dict[str, EncoderOutput]:
    """Return what encoders make of a batch, all tokens of it, as in a test (see `run_batch`).

    Args:
        model: A recognizer or a pre-training model, in evaluation mode.
        batch: See `run_batch`.
        modalities: Whose encoders are run; None: all.

    Raises:
        ClipError: No clip of the batch is usable.
    """
    with _as_tested(model, batch) as prepared:
        names = model.encoders if modalities is None else modalities
        return {name: model.encoders[name](prepared['inputs'][name]) for name in names}


def computes_in_bf16(model: nn.Module) -> bool:
    """Whether a model computes in bfloat16: its config's `test_cfg.dtype` says so, and the device has units for it."""
    dtype = (getattr(model, 'cfg', {}).get('test_cfg') or {}).get('dtype', 'float32')
    return dtype == 'bfloat16' and has_bf16_units(_device_type(model))


def precision_of(model: nn.Module) -> torch.autocast:
    """Return a context in which a model computes as in a test, to be used by `with`."""
    return torch.autocast(_device_type(model), torch.bfloat16, enabled=computes_in_bf16(model))


def _device_type(model: nn.Module) -> str:
    return next(model.parameters()).device.type


@contextmanager
def _as_tested(model: nn.Module, batch: dict) -> Iterator[dict]:
    """Yield a batch as the model takes it, under the precision of a test."""
    if batch['inputs'] is None:
        raise ClipError('no clip of the batch can be used: its `failures` say why')
    data = dict(inputs=batch['inputs'], data_samples=batch['data_samples'])
    preprocess: Any = model.data_preprocessor
    with precision_of(model):
        yield preprocess(data)
