"""Scores as plain values that every reader of JSON takes."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.logging import MMLogger
from torch import Tensor


def finite_scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return scores as Python numbers, and None, with a warning that names it, for one that is NaN or infinite.

    This package's scores always are finite; a metric of someone else's may give NaN, which JSON cannot represent.

    Args:
        scores: Numbers by name: of Python, numpy, or in tensors. Other values stay as they are.
    """
    plain = {name: _plain(value) for name, value in scores.items()}
    for name, value in plain.items():
        if isinstance(value, float) and not math.isfinite(value):
            MMLogger.get_current_instance().warning(f'The score {name} is {value}: it is written as null.')
            plain[name] = None
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Tensor | np.ndarray):
        return value.tolist()  # of a single number, without axes, that number
    return value
