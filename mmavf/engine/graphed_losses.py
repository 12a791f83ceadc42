"""Losses of a pre-training model and their gradients as one CUDA graph.

A graph repeats kernels at fixed places in memory. Recorded are the losses under given masks and the backward pass. What
differs from step to step stays outside: masks are drawn and copied into the graph's inputs, gradients copied out of it,
so that accumulation, the exchange of gradients between ranks, clipping, the guard for non-finite steps, the update and
averaged weights are those of any run. `torch.cuda.make_graphed_callables` would hand out the recorded gradients
themselves, which the next batch of an accumulated step overwrites.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from mmavf.errors import ConfigError
from mmavf.models.maskers import TokenMask
from mmavf.models.pretrainers import MaskedAutoencoder

from .rng import drew_on_host, get_rng_state, set_rng_state

Batch = tuple[Mapping[str, Tensor], Mapping[str, TokenMask]]
Results = tuple[Tensor, tuple[Tensor | None, ...]]  # loss terms (K,), and a gradient for each parameter
WARM_UP = 3  # runs before the recording, in which libraries choose kernels and allocate what they keep


def record_on_gpu(run: Callable[[], Results]) -> Callable[[], Results]:
    """Record what a function does on the current GPU; return a function that repeats it, with results in one place.

    Random numbers of the GPU's generator are drawn anew in each repetition, as PyTorch hands its state to the graph.
    """
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # other threads, such as the one that pins batches, may use the GPU meanwhile
    with torch.cuda.graph(graph, capture_error_mode='thread_local'):
        results = run()

    def repeat() -> Results:
        graph.replay()
        return results

    return repeat


class GraphedLosses:
    """Stands in for a model's `masked_losses`: records the first batch that it trains on, and repeats that for others.

    Batches of another shape or precision run eagerly, and so does evaluation. Recording leaves random generators and
    buffers, such as running statistics, as they were. From then on, parameters may change in place only.

    Args:
        model: The model; all its loss terms count alike.
        record: Takes a function without arguments, returns what repeats it.

    Raises:
        ConfigError: When recording: the model draws random numbers on the host, or returns a term that is no loss.
    """

    def __init__(self, model: MaskedAutoencoder, record: Callable[[Callable], Callable] = record_on_gpu) -> None:
        self.model = model
        self.record = record
        self.recording: _Recording | None = None

    def __call__(self, inputs: Mapping[str, Tensor], masks: Mapping[str, TokenMask]) -> dict[str, Tensor]:
        """Return the loss terms of a batch, scalars; arguments as in `MaskedAutoencoder.masked_losses`."""
        if self.model.training and torch.is_grad_enabled():
            batch = {m: inputs[m] for m in self.model.modalities}, masks
            if self.recording is None:
                self.recording = self._recorded(batch)
            if self.recording.kind == _kind(batch):
                return self.recording(batch)
        return type(self.model).masked_losses(self.model, inputs, masks)

    def _recorded(self, batch: Batch) -> '_Recording':
        buffers = [(buffer, buffer.clone()) for buffer in self.model.buffers()]
        before = get_rng_state()
        recording = _Recording(self.model, batch, self.record)
        if drew_on_host(before, get_rng_state(), on_gpu=next(_tensors(batch)).is_cuda):
            raise ConfigError(
                'The model draws random numbers on the host, which a CUDA graph would repeat in every step: draw them '
                'by torch on the device of the inputs, or leave out CUDAGraphHook.'
            )
        set_rng_state(before)
        for buffer, value in buffers:
            buffer.copy_(value)
        return recording


class _Recording:
    """Losses and gradients of one kind of batch, with inputs in memory of their own."""

    def __init__(self, model: MaskedAutoencoder, batch: Batch, record: Callable[[Callable], Callable]) -> None:
        inputs, masks = batch
        self.kind = _kind(batch)
        self.batch: Batch = (
            {m: x.clone() for m, x in inputs.items()},
            {m: TokenMask(*(x.clone() for x in mask)) for m, mask in masks.items()},
        )
        self.losses = _MaskedLosses(model)
        named = {name: param for name, param in self.losses.named_parameters() if param.requires_grad}
        self.params = list(named.values())
        # parameters of the same memory, whose gradients go to the graph; DDP waits for those of the model's own
        self.twins: dict[str, Tensor] = {name: nn.Parameter(param.detach()) for name, param in named.items()}
        self.names: list[str] = []
        self.repeat = record(self._run)

    def __call__(self, batch: Batch) -> dict[str, Tensor]:
        for place, value in zip(_tensors(self.batch), _tensors(batch), strict=True):
            place.copy_(value)
        terms = _Repeat.apply(self.repeat, *self.params)
        return dict(zip(self.names, terms.unbind(), strict=True))

    def _run(self) -> Results:
        terms = functional_call(self.losses, self.twins, self.batch)
        torch.clear_autocast_cache()  # weights cast now must not serve for later steps
        self.names = list(terms)
        if any('loss' not in name for name in terms):  # MMEngine would not add it to the sum
            raise ConfigError(f'CUDAGraphHook takes a model whose terms are all losses, not {self.names}.')
        values = torch.stack(list(terms.values()))  # (K,)
        with torch.autocast(values.device.type, enabled=False):  # as in any backward pass
            gradients = torch.autograd.grad(values.sum(), list(self.twins.values()), allow_unused=True)
        return values.detach(), gradients


class _MaskedLosses(nn.Module):
    """A model's `masked_losses` as the forward pass of a module, as `functional_call` takes it."""

    def __init__(self, model: MaskedAutoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Mapping[str, Tensor], masks: Mapping[str, TokenMask]) -> dict[str, Tensor]:
        """Return the loss terms."""
        return type(self.model).masked_losses(self.model, inputs, masks)


class _Repeat(torch.autograd.Function):
    """Loss terms of a repetition as a function of the parameters."""

    @staticmethod
    def forward(ctx: Any, repeat: Callable[[], Results], *params: Tensor) -> Tensor:
        """Return the terms (K,)."""
        terms, ctx.gradients = repeat()
        return terms.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the sum of all terms, scaled; `gradient` (K,) has the same value for each of them."""
        present = [own for own in ctx.gradients if own is not None]
        scaled = iter(torch._foreach_mul(present, gradient[0]))  # new tensors: the next repetition overwrites its own
        return None, *(None if own is None else next(scaled) for own in ctx.gradients)


def _tensors(batch: Batch) -> Iterator[Tensor]:
    """Yield all tensors of a batch."""
    inputs, masks = batch
    yield from inputs.values()
    for mask in masks.values():
        yield from mask


def _kind(batch: Batch) -> tuple:
    """Return all that a recording depends on: shapes, and the precision of autocast."""
    device = next(_tensors(batch)).device.type
    precision = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    return precision, *((x.shape, x.dtype) for x in _tensors(batch))
