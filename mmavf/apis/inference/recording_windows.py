"""The windows of recordings, as a model takes them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from mmavf.datasets.media.frame_times import sound_moments
from mmavf.errors import ClipError, ConfigError, MissingModalityError
from mmavf.faces.cropper import FaceCropper

from .followed import Choice, Followed, follow_faces
from .model_input import ModelInput
from .prefetch import prefetch
from .recording import Recording
from .window_plan import PlannedWindow, plan_windows
from .window_reader import ReadyWindow, read_sound_windows, read_windows

Missing = Literal['refuse', 'marginal']


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


@dataclass(frozen=True)
class RecordingWindows:
    """Makes windows of recordings.

    Attributes:
        modalities: What the model looks at.
        model_input: How its input is made.
        cropper: What follows faces; None: the picture is a face clip already.
        hop_sec: Time from one window to the next.
        choose: Which faces are followed.
        missing: What to do where a recording lacks a modality of the model.
    """

    modalities: tuple[str, ...]
    model_input: ModelInput
    cropper: FaceCropper | None
    hop_sec: float
    choose: Choice
    missing: Missing

    def plan(self, recording: Recording) -> Plan:
        """Follow the faces of a recording and plan its windows.

        Raises:
            ClipError: A frame cannot be decoded.
            ConfigError: The sound of the recording is of another channel than the model hears.
            MissingModalityError: The recording lacks what the model needs, and `missing` is 'refuse'.
        """
        self._check_channel(recording)
        faces: list[Followed] = []
        if 'video' in self.modalities and recording.frames is not None:
            faces = follow_faces(recording.frames, recording.name, self.cropper, self.choose)
        absent = self._absent(recording, faces)
        if absent and self.missing == 'refuse':
            raise MissingModalityError(self._refusal(recording, absent))
        if set(absent) == set(self.modalities):
            raise MissingModalityError(
                f'{recording.name}: there is nothing that the model could look at: it needs {in_words(absent)}'
            )
        if 'video' in self.modalities and 'video' not in absent:
            tracks = [(face, plan_windows(self.model_input, face.times_sec, self.hop_sec)) for face in faces]
            return Plan(tracks, [], absent)
        return Plan([], plan_windows(self.model_input, _moments(recording), self.hop_sec), absent)

    def batches(self, recording: Recording, plan: Plan, batch_size: int) -> Iterator[list[ReadyWindow]]:
        """Yield the windows in the order in which they are complete, in batches; a thread reads ahead.

        Raises:
            ClipError: A frame or the sound cannot be decoded.
            ConfigError: `batch_size` is not positive.
        """
        if batch_size < 1:
            raise ConfigError(f'batch_size must be at least 1, not {batch_size}')
        heard = recording if 'audio' in self.modalities else replace(recording, sound=None)
        windows = (
            read_windows(heard, plan.faces, self.model_input)
            if plan.faces
            else read_sound_windows(heard, plan.sound, self.model_input)
        )
        waiting = prefetch(windows, 2 * batch_size)
        while batch := list(islice(waiting, batch_size)):
            yield batch

    def _check_channel(self, recording: Recording) -> None:
        wanted = self.model_input.audio_channel
        if 'audio' in self.modalities and recording.sound is not None and recording.channel != wanted:
            raise ConfigError(
                f'{recording.name}: its sound was opened with channel={recording.channel!r}, and the test pipeline of '
                f'the model has OpenClip(audio_channel={wanted!r}): open the recording with channel={wanted!r}'
            )

    def _absent(self, recording: Recording, faces: list[Followed]) -> tuple[str, ...]:
        there = dict(video=bool(faces), audio=recording.sound is not None)
        return tuple(modality for modality in self.modalities if not there[modality])

    def _refusal(self, recording: Recording, absent: tuple[str, ...]) -> str:
        what = dict(audio='no sound', video='no video' if recording.frames is None else 'no face')
        lacking = ' and '.join(what[modality] for modality in absent)
        return f'{recording.name}: {lacking}, which the model needs'


def _moments(recording: Recording) -> np.ndarray:
    """Return moments from 0 to the end of the sound, as those of a clip of sound alone in a test (`OpenClip`)."""
    if recording.sound is None:
        raise ClipError(f'{recording.name}: there is no sound')
    return sound_moments(0.0, recording.sound.duration_sec, recording.name)


def in_words(modalities: tuple[str, ...]) -> str:
    """Return modalities in words."""
    words = dict(video='a face', audio='sound')
    return ' and '.join(words[modality] for modality in modalities)
