"""Comparing computed tensors with stored reference numbers, one finding per tensor or scalar."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

ZERO_GRADIENT_TOLERANCE = 1e-6


class Finding(NamedTuple):
    """One comparison.

    Attributes:
        quantity: What was compared: file, tensor, statistic.
        difference: Largest difference; infinite where shapes differ or a number is not finite.
        tolerance: Largest difference allowed.
        relative: Whether the difference is relative to the reference.
    """

    quantity: str
    difference: float
    tolerance: float
    relative: bool = False

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance

    def as_dict(self, case: str) -> dict:
        """Return the finding as one JSON line's content."""
        key = 'max_rel_diff' if self.relative else 'max_abs_diff'
        # JSON has no infinity
        difference = self.difference if math.isfinite(self.difference) else None
        return dict(case=case, quantity=self.quantity, **{key: difference}, tolerance=self.tolerance, ok=self.ok)


def _max_difference(ours: Tensor, reference: Tensor) -> float:
    if ours.shape != reference.shape:
        return math.inf
    difference = (ours.double() - reference.double()).abs()
    return difference.max().item() if difference.isfinite().all() else math.inf


def compare(quantity: str, ours: Any, reference: object, tolerance: float) -> list[Finding]:
    """Compare a tensor, a number or a nested list with its reference, absolutely.

    A reference dict with `token_step` is a thinned tensor: see `compare_thinned`.
    """
    if isinstance(reference, Mapping):
        return compare_thinned(quantity, ours, reference, tolerance)
    if isinstance(reference, (list, tuple)):
        if len(ours) != len(reference):
            return [Finding(f'{quantity} (length)', math.inf, tolerance)]
        pairs = enumerate(zip(ours, reference, strict=True))
        return [finding for i, (a, b) in pairs for finding in compare(f'{quantity}[{i}]', a, b, tolerance)]
    ours, reference = torch.as_tensor(ours).detach(), torch.as_tensor(reference)
    return [Finding(quantity, _max_difference(ours, reference), tolerance)]


def compare_thinned(quantity: str, ours: Tensor, reference: Mapping, tolerance: float) -> list[Finding]:
    """Compare (B, N, P) with a reference that holds every `token_step`-th token and statistics of all.

    A statistic over n values may differ by sqrt(n) times the tolerance of one value where it is a norm or a sum: errors
    of rounding have no common sign.
    """
    if list(ours.shape) != list(reference['shape']):
        return [Finding(f'{quantity} (shape)', math.inf, tolerance)]
    values = ours.detach().double()
    statistics = dict(
        tokens=(values[:, :: reference['token_step']], 1),
        tok_mean=(values.mean(-1), 1),
        tok_std=(values.std(-1), 1),
        tok_l2=(values.norm(dim=-1), values.shape[-1]),
        chan_mean=(values.mean((0, 1)), 1),
        sum=(values.sum(), values.numel()),
    )
    findings = []
    for name, (value, count) in statistics.items():
        if name in reference:
            # a stored sum is a Python number, which as float32 would be off by more than the tolerance
            expected = torch.as_tensor(reference[name], dtype=torch.float64)
            difference = _max_difference(value, expected)
            findings.append(Finding(f'{quantity}.{name}', difference, tolerance * math.sqrt(count)))
    return findings


def compare_norms(
    quantity: str, ours: Mapping[str, float | None], reference: Mapping[str, float | None], tolerance: float
) -> Finding:
    """Compare gradient norms relatively; the largest difference counts.

    Norms that are exactly zero in the reference are compared absolutely, and None (no gradient) with None or zero.
    """
    worst = 0.0
    for name, expected in reference.items():
        norm = ours.get(name) or 0.0
        if not math.isfinite(norm):
            return Finding(quantity, math.inf, tolerance, relative=True)
        if not expected:
            worst = max(worst, norm / ZERO_GRADIENT_TOLERANCE * tolerance)
        else:
            worst = max(worst, abs(norm - expected) / abs(expected))
    return Finding(quantity, worst, tolerance, relative=True)
