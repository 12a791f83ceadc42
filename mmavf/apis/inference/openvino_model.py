"""The forward of a recognizer, computed by OpenVINO on the CPU.

Shapes: W windows, K outputs of the head.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmavf.apis.batch import computes_in_bf16
from mmavf.apis.exported import export_logits
from mmavf.errors import CheckpointError, ConfigError
from mmavf.files.sha256 import file_sha256


class OpenVINOModel(nn.Module):
    """A recognizer whose forward pass OpenVINO computes; what comes before and after it stays PyTorch's.

    It computes in bfloat16 where the recognizer would (see `computes_in_bf16`), on as many threads as PyTorch has.
    Batches in which tokens are given for a modality are computed by PyTorch.

    Args:
        model: The recognizer, on the CPU, in evaluation mode, with float32 weights.
        folder: Where it was read from: the `model.onnx` of a published folder is used. Of another model the forward is
            exported now, which takes a minute or more.

    Raises:
        ConfigError: The model is on another device, or cannot be exported.
        CheckpointError: `model.onnx`, or its weights beside it, is not the file that the card names.
    """

    def __init__(self, model: Any, folder: Path | None = None) -> None:
        super().__init__()
        check_openvino()
        if next(model.parameters()).device.type != 'cpu':
            raise ConfigError(
                "the engine 'openvino' computes on the CPU: choose the device cpu, or the engine 'pytorch'"
            )
        self.recognizer = model
        self.cfg, self.marginals, self.data_preprocessor = model.cfg, model.marginals, model.data_preprocessor
        self._compiled = _compile(_network(model, folder), 'bf16' if computes_in_bf16(model) else 'f32')

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        data_samples: list,
        mode: str = 'predict',
        given: Mapping[str, Any] | None = None,
    ) -> list:
        """Return the data samples with predictions; arguments as in the recognizer's `forward`."""
        if given:
            return self.recognizer(inputs, data_samples, mode=mode, given=given)
        return self.recognizer.head.predict(self.logits(inputs), data_samples)

    def logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the head computes of normalised clips by modality, float32 (W, K)."""
        clips = [inputs[modality].contiguous().numpy() for modality in self.recognizer.encoders]
        return torch.tensor(self._compiled(clips)[0])


def check_openvino() -> None:
    """Make sure, before a model is read, that OpenVINO is installed.

    Raises:
        ConfigError: It is not.
    """
    if find_spec('openvino') is None:
        raise ConfigError("the engine 'openvino' needs OpenVINO: pip install 'mmavf[openvino]'")


def _openvino() -> Any:
    """Import OpenVINO."""
    # it tells its makers of every import and conversion unless this package of its is missing
    sys.modules.setdefault('openvino_telemetry', None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _network(model: Any, folder: Path | None) -> Any:
    """Return the forward as OpenVINO's graph."""
    if folder is not None and model.card and (onnx := model.card.get('onnx')):
        # cards of earlier versions name the graph alone, not the file of its weights beside it
        for name, digest in (onnx.get('files') or {onnx['file']: onnx['sha256']}).items():
            path = folder / name
            if not path.is_file() or file_sha256(path) != digest:
                raise CheckpointError(f'{path} is not the file that the card names: publish the model again.')
        return _openvino().Core().read_model(folder / onnx['file'])
    try:
        return _openvino().convert_model(export_logits(model))
    except (RuntimeError, ValueError, TypeError) as error:
        raise ConfigError(
            f"the engine 'openvino' cannot run this model, whose forward cannot be exported: use the engine 'pytorch'. "
            f'{type(error).__name__}: {str(error).partition(chr(10))[0]}'
        ) from error


def _compile(network: Any, precision: str) -> Any:
    """Compile a graph for the CPU; without a hint OpenVINO takes bfloat16 wherever the processor has it."""
    hints = dict(INFERENCE_PRECISION_HINT=precision, INFERENCE_NUM_THREADS=torch.get_num_threads())
    return _openvino().Core().compile_model(network, 'CPU', hints)
