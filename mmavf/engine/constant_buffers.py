"""Buffers of a model that are the same on all ranks: tables made when it is built."""

from torch import nn


def constant_buffers(model: nn.Module) -> list[str]:
    """Return the names of a model's buffers that no checkpoint holds."""
    names = [
        f'{path}.{name}' if path else name
        for path, module in model.named_modules()
        for name in module._non_persistent_buffers_set
    ]
    return sorted(names)
