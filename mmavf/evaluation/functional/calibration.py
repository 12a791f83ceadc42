"""Whether the probabilities of a classifier mean what they say, and how to make them.

Shapes: N clips, K classes, B bins of confidence.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from .bootstrap import draw_sums
from .paired_bootstrap import interval

BINS = 15
_TEMPERATURES = (0.02, 50.0)  # sought between these
_LEAST = float(np.finfo(np.float32).tiny)  # probability that stands for 0, which has no logarithm


class Reliability(NamedTuple):
    """Confidence and what came of it, by bins of equal width.

    Attributes:
        edges: Of the bins, (B + 1,).
        counts: Clips of each bin, (B,).
        confidence: Mean of the highest probability of these clips, (B,); NaN in an empty bin.
        accuracy: Share of these clips that are right, (B,); NaN in an empty bin.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(labels: np.ndarray, scores: np.ndarray, bins: int = BINS) -> Reliability:
    """Return the reliability diagram of probabilities.

    Args:
        labels: (N,) class indices.
        scores: (N, K) probabilities.
        bins: Number of bins B; a confidence at an edge belongs to the bin below it.
    """
    place, confidence, hits = _binned(labels, scores, bins)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid='ignore'):
        means = (np.bincount(place, weights=values, minlength=bins) / counts for values in (confidence, hits))
        return Reliability(np.linspace(0, 1, bins + 1), counts, *means)


def expected_calibration_error(labels: np.ndarray, scores: np.ndarray, bins: int = BINS) -> float:
    """Return the ECE in [0, 1]: the mean over clips of how far accuracy and confidence of their bin differ.

    Guo et al., On Calibration of Modern Neural Networks, 2017, equation 3.

    Arguments are those of `reliability`. It is biased upward where bins hold few clips.
    """
    place, confidence, hits = _binned(labels, scores, bins)
    return float(np.abs(np.bincount(place, weights=confidence - hits, minlength=bins)).sum() / len(labels))


def calibration_error_interval(
    labels: np.ndarray,
    scores: np.ndarray,
    units: Sequence[str] | None = None,
    bins: int = BINS,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the ECE over bootstrap resamples.

    Args:
        labels: (N,) class indices.
        scores: (N, K) probabilities.
        units: (N,) names; clips with the same name, such as a subject's, are drawn together. None draws single clips.
        bins: Number of bins.
        resamples: Number of resamples.
        seed: Of the draws.
    """
    place, confidence, hits = _binned(labels, scores, bins)
    unit = np.arange(len(labels)) if units is None else np.unique(units, return_inverse=True)[1]
    sums = np.zeros((unit.max() + 1, bins + 1))  # of each unit: gap in each bin, clips
    np.add.at(sums, (unit, place), confidence - hits)
    np.add.at(sums[:, bins], unit, 1)
    drawn = draw_sums(sums, np.random.default_rng(seed), resamples)  # (R, B + 1)
    return interval(np.abs(drawn[:, :bins]).sum(axis=1) / drawn[:, bins])


def negative_log_likelihood(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean of -log p of the true class; a probability of 0 counts as the least float32."""
    return float(-np.log(np.maximum(scores[np.arange(len(labels)), labels], _LEAST)).mean())


def fit_temperature(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the temperature under which probabilities have the least negative log-likelihood.

    It is sought between 0.02 and 50; where all clips are right, it is below 1, and the lower the better.

    Args:
        labels: (N,) class indices, of clips that the model was not trained on.
        scores: (N, K) probabilities.
    """

    def loss(log_temperature: float) -> float:
        """Return the likelihood under a temperature."""
        return negative_log_likelihood(labels, with_temperature(scores, float(np.exp(log_temperature))))

    found = minimize_scalar(loss, bounds=tuple(np.log(_TEMPERATURES)), method='bounded', options=dict(xatol=1e-6))
    return float(np.exp(found.x))


def with_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities at another temperature T: p^(1 / T), normalised; the order of the classes stays.

    Of a single window's softmax this is the softmax of logits / T (Guo et al., 2017, Eq. 9). Of the mean over windows,
    which is all that predictions keep, it is the same on the logarithm of the mean.

    Args:
        scores: (..., K) probabilities.
        temperature: T > 0; above 1 makes them more even.
    """
    logits = np.log(np.maximum(np.asarray(scores, dtype=np.float64), _LEAST)) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def apply_calibration(scores: np.ndarray, calibration: Mapping[str, Any] | None) -> np.ndarray:
    """Return probabilities as the card of a published model calibrates them.

    Args:
        scores: (..., K) probabilities, after the mean over a clip's windows.
        calibration: `calibration` of the card; None: they stay as they are.
    """
    return np.asarray(scores) if calibration is None else with_temperature(scores, calibration['temperature'])


def _binned(labels: np.ndarray, scores: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bin, the confidence and whether it is right of each clip, (N,) each."""
    confidence = scores.max(axis=1)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return place, confidence, (scores.argmax(axis=1) == labels).astype(np.float64)
