"""Attention weights of a forward pass: the fused kernel does not return them, so they are computed again beside it.

Shapes: B batch, N queries, M context tokens, C channels, H heads.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.models.layers import CrossAttention, SelfAttention


@contextmanager
def recorded_attention(module: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Record the attention weights of all attention layers in a module while the block runs.

    The layers get forward hooks, which are removed at the end; their outputs do not change. Compiled layers may leave
    hooks out.

    Yields:
        A dictionary that fills with the mean over the heads, (B, N, M) float32, by the name of the layer; of a layer
        that runs several times the last.
    """
    weights: dict[str, Tensor] = {}
    with ExitStack() as hooks:
        for name, layer in module.named_modules():
            if isinstance(layer, SelfAttention | CrossAttention):
                handle = layer.register_forward_hook(_Recorder(name, weights), with_kwargs=True)
                hooks.callback(handle.remove)
        yield weights


class _Recorder:
    def __init__(self, name: str, weights: dict[str, Tensor]) -> None:
        self._name, self._weights = name, weights

    def __call__(self, layer: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Any], output: Tensor) -> None:
        x = args[0]
        context = args[1] if len(args) > 1 else kwargs.get('context')
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            self._weights[self._name] = attention_weights(layer, x, context)


def attention_weights(layer: nn.Module, x: Tensor, context: Tensor | None = None) -> Tensor:
    """Return the mean over heads of softmax(q k / sqrt(C / H)), (B, N, M) float32.

    Args:
        layer: A `SelfAttention` or `CrossAttention`.
        x: Queries (B, N, C).
        context: Context (B, M, C); None for self-attention.
    """
    context = x if context is None else context
    channels = x.shape[-1]
    if isinstance(layer, SelfAttention):
        of_queries, of_keys = layer.qkv.weight[:channels], layer.qkv.weight[channels : 2 * channels]
    else:
        assert isinstance(layer, CrossAttention)
        of_queries, of_keys = layer.q.weight, layer.kv.weight[:channels]
    q = F.linear(x.float(), of_queries.float(), layer.q_bias.float())
    k = F.linear(context.float(), of_keys.float())
    # (B, N, C) -> (B, H, N, C / H)
    q, k = (t.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2) for t in (q, k))
    return torch.softmax(q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5, dim=-1).mean(dim=1)
