"""Predictions for the windows of one recording."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import default_collate

from mmavf.apis.batch import run_batch
from mmavf.datasets.media.frame_times import DEFAULT_FPS
from mmavf.errors import ClipError
from mmavf.evaluation.functional.calibration import apply_calibration
from mmavf.timeline import Answer, ModelInfo, SourceInfo, Timeline, Track, Window

from .recording import Recording
from .recording_windows import Plan, in_words
from .window_reader import ReadyWindow


class Scored(NamedTuple):
    """A window and its K scores."""

    ready: ReadyWindow
    scores: np.ndarray


def score(model: Any, batch: list[ReadyWindow], absent: tuple[str, ...]) -> Iterator[Scored]:
    """Run a recognizer, or its `OpenVINOModel`, on windows; of modalities that are absent its mean tokens stand in.

    Raises:
        ClipError: What comes out is not finite.
    """
    given = {modality: model.marginals[modality] for modality in absent}
    options: dict[str, Any] = dict(given=given) if given else {}
    samples = run_batch(model, default_collate([window.packed for window in batch]), **options)
    for window, sample in zip(batch, samples, strict=True):
        scores = (sample.pred_score if 'pred_score' in sample else sample.pred_value).float().cpu().numpy()
        if not np.isfinite(scores).all():
            start, end = window.plan.window_sec.tolist()
            raise ClipError(f'from {start:.2f} to {end:.2f} s the model gives numbers that are not finite')
        yield Scored(window, scores)


def make_timeline(
    recording: Recording,
    model: ModelInfo,
    plan: Plan,
    scored: list[Scored],
    settings: dict[str, Any],
    calibration: Mapping[str, Any] | None = None,
) -> Timeline:
    """Put the predictions for a recording together, with probabilities as `apply_calibration` makes them."""
    info = recording.info()
    windows = [as_window(one, plan.absent, calibration) for one in scored if one.ready.plan.in_timeline]
    windows.sort(key=lambda window: (window.track or 0, window.start_sec, window.end_sec))
    tracks = tuple(face.track(_noted_every(info)) for face, _ in plan.faces)
    notes = _notes(plan, tracks, 'audio' in model.modalities)
    answers = _answers(scored, plan.absent, calibration)
    return Timeline(info, model, settings, tracks, tuple(windows), answers, notes)


def as_window(scored: Scored, absent: tuple[str, ...], calibration: Mapping[str, Any] | None = None) -> Window:
    """Return a scored window as one of a timeline."""
    start, end = scored.ready.plan.window_sec.tolist()
    scores = apply_calibration(scored.scores, calibration)
    return Window(scored.ready.track, start, end, tuple(scores.tolist()), absent)


def _answers(
    scored: list[Scored], absent: tuple[str, ...], calibration: Mapping[str, Any] | None
) -> tuple[Answer, ...]:
    """Return the mean over the windows of a test for each track, calibrated."""
    answers = []
    for track in sorted({one.ready.track for one in scored}, key=lambda number: number or 0):
        own = [one for one in scored if one.ready.track == track and one.ready.plan.in_answer]
        weights = [one.ready.plan.in_answer for one in own]
        mean = np.average([one.scores for one in own], axis=0, weights=weights)
        answers.append(Answer(track, tuple(apply_calibration(mean, calibration).tolist()), absent))
    return tuple(answers)


def _overlapping(tracks: tuple[Track, ...]) -> bool:
    ordered = sorted(tracks, key=lambda track: track.start_sec)
    return any(later.start_sec < earlier.end_sec for earlier, later in zip(ordered, ordered[1:], strict=False))


def _noted_every(info: SourceInfo) -> int:
    """Return the distance of frames at which places of faces are noted: some six a second."""
    return max(round((info.fps or DEFAULT_FPS) / 6.25), 1)


def _notes(plan: Plan, tracks: tuple[Track, ...], hears: bool) -> tuple[str, ...]:
    notes = []
    if plan.absent:
        notes.append(f'Without {in_words(plan.absent)}: mean tokens stood in for it.')
    if hears and 'audio' not in plan.absent and _overlapping(tracks):
        notes.append('Several faces are seen at the same time; each gets the same sound, whoever speaks.')
    return tuple(notes)
