"""Predictions for the windows of one recording."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
from mmengine.dataset import default_collate

from mmavf.apis.batch import run_batch
from mmavf.datasets.media.frame_times import DEFAULT_FPS
from mmavf.errors import ClipError, MissingModalityError
from mmavf.faces.cropper import FaceCropper
from mmavf.timeline import Answer, ModelInfo, SourceInfo, Timeline, Track, Window

from .followed import Choice, Followed, follow_faces
from .model_input import ModelInput
from .prefetch import prefetch
from .recording import Recording
from .window_plan import PlannedWindow, plan_windows
from .window_reader import ReadyWindow, read_sound_windows, read_windows

Missing = Literal['refuse', 'marginal']


class Scored(NamedTuple):
    """A window and its K scores."""

    ready: ReadyWindow
    scores: np.ndarray


@dataclass(frozen=True)
class Predictor:
    """A model with all that it needs to predict on recordings.

    Attributes:
        model: A recognizer, in evaluation mode.
        info: Its description.
        model_input: How its input is made.
        cropper: What follows faces; None: the picture is a face clip already.
        hop_sec: Time from one window to the next.
        choose: Which faces are followed.
        missing: What to do where a recording lacks a modality of the model.
        batch_size: Windows that run together.
    """

    model: Any
    info: ModelInfo
    model_input: ModelInput
    cropper: FaceCropper | None
    hop_sec: float
    choose: Choice
    missing: Missing
    batch_size: int

    def plan(self, recording: Recording) -> 'Plan':
        """Follow the faces of a recording and plan its windows.

        Raises:
            ClipError: A frame cannot be decoded.
            MissingModalityError: The recording lacks what the model needs, and `missing` is 'refuse'.
        """
        faces: list[Followed] = []
        if 'video' in self.info.modalities and recording.frames is not None:
            faces = follow_faces(recording.frames, recording.name, self.cropper, self.choose)
        absent = self._absent(recording, faces)
        if absent and self.missing == 'refuse':
            raise MissingModalityError(self._refusal(recording, absent))
        if set(absent) == set(self.info.modalities):
            raise MissingModalityError(
                f'{recording.name}: there is nothing that the model could look at: it needs {_words(absent)}'
            )
        if 'video' in self.info.modalities and 'video' not in absent:
            tracks = [(face, plan_windows(self.model_input, face.times_sec, self.hop_sec)) for face in faces]
            return Plan(tracks, [], absent)
        return Plan([], plan_windows(self.model_input, _moments(recording), self.hop_sec), absent)

    def scored(self, recording: Recording, plan: 'Plan') -> Iterator[Scored]:
        """Yield the windows in the order in which they are complete, each with its scores.

        Raises:
            ClipError: A frame or the sound cannot be decoded.
        """
        heard = recording if 'audio' in self.info.modalities else replace(recording, sound=None)
        windows = (
            read_windows(heard, plan.faces, self.model_input)
            if plan.faces
            else read_sound_windows(heard, plan.sound, self.model_input)
        )
        waiting = prefetch(windows, 2 * self.batch_size)
        while batch := list(islice(waiting, self.batch_size)):
            yield from self._run(batch, plan.absent)

    def timeline(self, recording: Recording, plan: 'Plan', scored: list[Scored], settings: dict[str, Any]) -> Timeline:
        """Put the predictions together."""
        info = recording.info()
        windows = [as_window(one, plan.absent) for one in scored if one.ready.plan.in_timeline]
        windows.sort(key=lambda window: (window.track or 0, window.start_sec, window.end_sec))
        tracks = tuple(face.track(self._noted_every(info)) for face, _ in plan.faces)
        return Timeline(
            info, self.info, settings, tracks, tuple(windows), _answers(scored, plan.absent), self._notes(plan, tracks)
        )

    def _run(self, batch: list[ReadyWindow], absent: tuple[str, ...]) -> Iterator[Scored]:
        given = {modality: self.model.marginals[modality] for modality in absent}
        options: dict[str, Any] = dict(given=given) if given else {}
        samples = run_batch(self.model, default_collate([window.packed for window in batch]), **options)
        for window, sample in zip(batch, samples, strict=True):
            scores = sample.pred_score if 'pred_score' in sample else sample.pred_value
            yield Scored(window, scores.float().cpu().numpy())

    def _absent(self, recording: Recording, faces: list[Followed]) -> tuple[str, ...]:
        there = dict(video=bool(faces), audio=recording.sound is not None)
        return tuple(modality for modality in self.info.modalities if not there[modality])

    def _refusal(self, recording: Recording, absent: tuple[str, ...]) -> str:
        what = dict(audio='no sound', video='no video' if recording.frames is None else 'no face')
        lacking = ' and '.join(what[modality] for modality in absent)
        return f'{recording.name}: {lacking}, which the model needs'

    def _noted_every(self, info: SourceInfo) -> int:
        """Return the distance of frames at which places of faces are noted: some six a second."""
        return max(round((info.fps or DEFAULT_FPS) / 6.25), 1)

    def _notes(self, plan: 'Plan', tracks: tuple[Track, ...]) -> tuple[str, ...]:
        notes = []
        if plan.absent:
            notes.append(f'Without {_words(plan.absent)}: mean tokens stood in for it.')
        if 'audio' in self.info.modalities and 'audio' not in plan.absent and _overlapping(tracks):
            notes.append('Several faces are seen at the same time; each gets the same sound, whoever speaks.')
        return tuple(notes)


@dataclass(frozen=True)
class Plan:
    """The windows of a recording.

    Attributes:
        faces: The faces, each with its windows.
        sound: The windows of the sound, where no face is looked at.
        absent: Modalities of the model that the recording lacks.
    """

    faces: list[tuple[Followed, list[PlannedWindow]]]
    sound: list[PlannedWindow]
    absent: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of windows."""
        return len(self.sound) + sum(len(plans) for _, plans in self.faces)


def as_window(scored: Scored, absent: tuple[str, ...]) -> Window:
    """Return a scored window as one of a timeline."""
    start, end = scored.ready.plan.window_sec.tolist()
    return Window(scored.ready.track, start, end, tuple(scored.scores.tolist()), absent)


def _answers(scored: list[Scored], absent: tuple[str, ...]) -> tuple[Answer, ...]:
    """Return the mean over the windows of a test for each track."""
    answers = []
    for track in sorted({one.ready.track for one in scored}, key=lambda number: number or 0):
        own = [one for one in scored if one.ready.track == track and one.ready.plan.in_answer]
        weights = [one.ready.plan.in_answer for one in own]
        mean = np.average([one.scores for one in own], axis=0, weights=weights)
        answers.append(Answer(track, tuple(mean.tolist()), absent))
    return tuple(answers)


def _moments(recording: Recording) -> np.ndarray:
    """Return moments over the length of the sound, as those of a clip of sound alone in a test."""
    if recording.sound is None:
        raise ClipError(f'{recording.name}: there is no sound')
    start, end = recording.sound.start_sec, recording.sound.duration_sec
    return start + np.arange(int((end - start) * DEFAULT_FPS + 1e-6) + 1) / DEFAULT_FPS


def _overlapping(tracks: tuple[Track, ...]) -> bool:
    ordered = sorted(tracks, key=lambda track: track.start_sec)
    return any(later.start_sec < earlier.end_sec for earlier, later in zip(ordered, ordered[1:], strict=False))


def _words(modalities: tuple[str, ...]) -> str:
    words = dict(video='a face', audio='sound')
    return ' and '.join(words[modality] for modality in modalities)
