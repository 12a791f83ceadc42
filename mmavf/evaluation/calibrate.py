"""Calibration of a classifier, and how far its probabilities are off before and after it."""

from collections.abc import Sequence
from typing import Any

from mmavf.errors import ConfigError

from .functional import (
    apply_calibration,
    calibration_error_interval,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)
from .functional.calibration import BINS
from .predictions import Predictions

LEAST = 30  # clips


def calibrate(fitted: Predictions, measured: Predictions | None = None) -> dict[str, Any]:
    """Fit a temperature to predictions, and measure the calibration error with and without it.

    Intervals draw whole subjects where the predictions name them, else clips.

    Args:
        fitted: Predictions for clips that the model was not trained on; those of a validation part.
        measured: Predictions that the error is measured on; None: those of the fit, which flatters a little.

    Returns:
        Plain values for the card of a published model: `method`, `temperature`, `num_clips`, `bins`, and of `measured`
        `ece_before` and `ece_after` (`value`, `interval`), `nll_before` and `nll_after`.

    Raises:
        ConfigError: The predictions are numbers, have no labels, are too few, or are for other classes.
    """
    for predictions in (fitted, *([] if measured is None else [measured])):
        if not predictions.is_classification:
            raise ConfigError('the predictions are numbers, not classes: there are no probabilities to calibrate.')
        if predictions.names != fitted.names:
            raise ConfigError(
                f'the predictions are for {", ".join(predictions.names)} and {", ".join(fitted.names)}: the classes of '
                'one model must be the same in the same order.'
            )
        if len(predictions) < LEAST:
            raise ConfigError(f'{len(predictions)} clips are too few to calibrate with: at least {LEAST} are needed.')
    temperature = fit_temperature(fitted.known_labels, fitted.scores)
    calibration = dict(method='temperature', temperature=temperature, num_clips=len(fitted), bins=BINS)
    measured = measured or fitted
    for when, chosen in (('before', None), ('after', calibration)):
        scores = apply_calibration(measured.scores, chosen)
        calibration[f'ece_{when}'] = dict(
            value=expected_calibration_error(measured.known_labels, scores),
            interval=list(calibration_error_interval(measured.known_labels, scores, _units(measured))),
        )
        calibration[f'nll_{when}'] = negative_log_likelihood(measured.known_labels, scores)
    return calibration


def _units(measured: Predictions) -> Sequence[str] | None:
    return measured.people if '' not in measured.subject and len(set(measured.people)) > 1 else None
