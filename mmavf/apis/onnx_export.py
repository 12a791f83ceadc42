"""The forward of a recognizer as an ONNX file, checked against PyTorch.

Shapes: W windows, K outputs of the head.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmavf.checkpoints.published import update_card
from mmavf.errors import CheckpointError, ClipError, ConfigError
from mmavf.files.sha256 import file_sha256
from mmavf.models.complexity import input_sizes

from .exported import ExportInput, Logits
from .loader import list_loader

ONNX_FILE = 'model.onnx'
TOLERANCE = 1e-4  # largest difference of a logit
NEEDED = ('onnx', 'onnxscript', 'onnxruntime')
_SEED = 0


def check_onnx(model: Any) -> None:
    """Make sure, before hours of work, that a model can be exported.

    Raises:
        ConfigError: Packages are missing, or the model is no recognizer.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"--onnx needs {', '.join(missing)}: pip install 'mmavf[onnx]'")
    if not hasattr(model, 'extract_feat') or not hasattr(model, 'head'):
        raise ConfigError('--onnx is for models with a head; a pre-training model draws masks, which ONNX cannot.')


def add_onnx(folder: str | Path, model: nn.Module, check_list: str | Path | None, data_root: str | Path) -> float:
    """Export a model into its published folder, and note it in the card.

    Inputs are normalised clips, `video` (W, 3, frames, rows, columns) and `audio` (W, 1, time, mel), for any W; the
    output `logits` (W, K) is what the head computes, before softmax, mean over windows and calibration.

    Args:
        folder: Folder of the published model.
        model: The model, on the CPU, in evaluation mode, with float32 weights.
        check_list: List of clips that it is checked on; None: random input.
        data_root: Folder that the paths in the list are relative to.

    Returns:
        The largest difference of a logit between ONNX and PyTorch.

    Raises:
        CheckpointError: The difference is larger than `TOLERANCE`; the folder stays as it was.
        ClipError: A clip of the list cannot be used.
        ConfigError: The model does what ONNX cannot hold.
    """
    folder, sizes = Path(folder), input_sizes(model)
    exported = Logits(model).eval()
    with TemporaryDirectory(prefix='.onnx-', dir=folder) as temporary:
        path = Path(temporary, ONNX_FILE)
        try:
            _export(exported, sizes, path)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ConfigError(
                f'the forward of this model cannot be exported to ONNX: {folder} is complete without it. '
                f'{type(error).__name__}: {str(error).partition(chr(10))[0]}'
            ) from error
        windows = _random(sizes) if check_list is None else _windows(model, check_list, data_root)
        count, difference = _compare(exported, path, windows)
        if not difference <= TOLERANCE:
            raise CheckpointError(
                f'the exported model differs from PyTorch by {difference:.1e} in a logit, more than {TOLERANCE:g}: it '
                f'was not kept. {folder} is complete without it.'
            )
        written = sorted(path.parent.iterdir(), reverse=True)  # weights of 1.5 GB and more are a file beside it
        digests = {file.name: file_sha256(file) for file in written}
        for file in written:
            os.replace(file, folder / file.name)
    inputs = {name: ['windows', *size] for name, size in sizes.items()}
    checked = dict(
        on='random input' if check_list is None else Path(check_list).name, windows=count, largest_difference=difference
    )
    described = dict(file=ONNX_FILE, sha256=digests[ONNX_FILE], files=digests, inputs=inputs, output='logits')
    update_card(folder, onnx=dict(described, checked=checked))
    return difference


def _export(exported: nn.Module, sizes: Mapping[str, Sequence[int]], path: Path) -> None:
    given = ExportInput.of_sizes(sizes)
    with torch.no_grad():
        program: Any = torch.onnx.export(
            exported,
            given.clips,
            dynamo=True,
            input_names=list(sizes),
            output_names=['logits'],
            dynamic_shapes=given.dynamic_shapes,
            verbose=False,
        )
    program.save(path)


def _compare(exported: nn.Module, path: Path, windows: Iterator[dict[str, Tensor]]) -> tuple[int, float]:
    """Return the number of windows, and the largest difference of a logit; NaN where one is not finite."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    count, largest = 0, 0.0
    for clips in windows:
        with torch.no_grad():
            expected = exported(*clips.values()).numpy()
        found = session.run(['logits'], {name: value.numpy() for name, value in clips.items()})[0]
        count, largest = count + len(expected), float(np.maximum(largest, np.abs(found - expected).max()))
    return count, largest


def _random(sizes: Mapping[str, Sequence[int]]) -> Iterator[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(_SEED)
    for count in (1, 3):
        yield {name: torch.randn(count, *size, generator=generator) for name, size in sizes.items()}


def _windows(model: Any, check_list: str | Path, data_root: str | Path) -> Iterator[dict[str, Tensor]]:
    """Yield the windows of a list's clips, as they enter the model."""
    for batch in list_loader(model.cfg, check_list, data_root):
        if batch['failures']:
            first = batch['failures'][0]
            raise ClipError(
                f'{check_list}: {first.sample_id} cannot be used: {first.error}. The folder is complete without ONNX.'
            )
        data = dict(inputs=batch['inputs'], data_samples=batch['data_samples'])
        prepared = model.data_preprocessor(data)['inputs']
        yield {name: prepared[name] for name in input_sizes(model)}
