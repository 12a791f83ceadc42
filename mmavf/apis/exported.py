"""The forward of a recognizer as one graph of operations, for programs that run it without PyTorch.

Shapes: W windows, K outputs of the head.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mmavf.models.complexity import input_sizes


class Logits(nn.Module):
    """A recognizer from clips, one argument for each modality in the order of its encoders, to logits."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, *clips: Tensor) -> Tensor:
        """Return the logits (W, K) of clips."""
        with _FourAxes():
            feature = self.model.extract_feat(dict(zip(self.model.encoders.keys(), clips, strict=True)))
            return self.model.head(feature)[1]


class ExportInput(NamedTuple):
    """What an exporter is called with, so that the number of windows stays free.

    Attributes:
        clips: Two windows of zeros for each modality.
        dynamic_shapes: The argument of this name of `torch.export.export`.
    """

    clips: tuple[Tensor, ...]
    dynamic_shapes: tuple

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Sequence[int]]) -> 'ExportInput':
        """Return it for the sizes of a model's `input_sizes`."""
        windows = torch.export.Dim('windows', min=1)
        clips = tuple(torch.zeros(2, *size) for size in sizes.values())
        return cls(clips, (tuple({0: windows} for _ in clips),))


@torch.no_grad()
def export_logits(model: Any) -> torch.export.ExportedProgram:
    """Return the forward of a recognizer, as `Logits` has it, for any number W of windows; takes a minute or more.

    Args:
        model: The recognizer, on the CPU, in evaluation mode, with float32 weights.

    Raises:
        RuntimeError, ValueError, TypeError: The model does what a graph cannot hold; their subclasses are PyTorch's.
    """
    given = ExportInput.of_sizes(input_sizes(model))
    return torch.export.export(Logits(model).eval(), given.clips, dynamic_shapes=given.dynamic_shapes, strict=False)


class _FourAxes(TorchFunctionMode):
    """Gives attention without heads an axis of one head: torch's exporter takes four axes alone."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is F.scaled_dot_product_attention and args[0].ndim == 3:
            return func(*(x.unsqueeze(1) for x in args), **(kwargs or {})).squeeze(1)  # (W, n, C) -> (W, 1, n, C)
        return func(*args, **(kwargs or {}))
