"""Reading of planned windows in one pass over the video."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mmavf.datasets.media import FrameReader

from .followed import Followed
from .model_input import ModelInput
from .recording import Recording
from .window_plan import PlannedWindow


@dataclass(frozen=True)
class ReadyWindow:
    """A window, ready for the model.

    Attributes:
        track: Number of its track; None for the sound alone.
        plan: What it is.
        packed: `inputs` and `data_samples`.
    """

    track: int | None
    plan: PlannedWindow
    packed: dict[str, Any]

    def without_input(self) -> 'ReadyWindow':
        """Return what remains of it once the model has seen it: an hour of windows need not be in memory."""
        return replace(self, packed={})


@dataclass
class _Pending:
    """The windows of a track that are still to come, and its crops that they need."""

    face: Followed
    plans: deque[PlannedWindow]
    crops: dict[int, np.ndarray] = field(default_factory=dict)

    def needed(self) -> set[int]:
        """Return the indices of frames of the recording."""
        return {self.face.first + int(i) for plan in self.plans for i in plan.frame_inds}

    def add(self, index: int, frame: np.ndarray) -> list[PlannedWindow]:
        """Crop a frame of the recording; return the windows that it completes."""
        own = index - self.face.first
        self.crops[own] = self.face.crop(frame, self.face.places[own])
        ready = []
        while self.plans and self.plans[0].last <= own:
            ready.append(self.plans.popleft())
        return ready

    def forget(self) -> None:
        """Free the crops that no later window needs."""
        first = min((int(plan.frame_inds[0]) for plan in self.plans), default=len(self.face.times_sec))
        self.crops = {own: crop for own, crop in self.crops.items() if own >= first}


def read_windows(
    recording: Recording, planned: Sequence[tuple[Followed, list[PlannedWindow]]], model_input: ModelInput
) -> Iterator[ReadyWindow]:
    """Decode the video once and yield its windows as they become complete; only the crops in use are in memory.

    Args:
        recording: The recording; where it has no sound, windows have none.
        planned: The faces, each with its windows.
        model_input: What makes a window of frames and sound.

    Raises:
        ClipError: A frame or the sound cannot be decoded.
    """
    if recording.frames is None:
        return
    # windows are completed in the order of their last frames
    pending = [_Pending(face, deque(sorted(plans, key=lambda plan: plan.last))) for face, plans in planned]
    for index, frame, users in _frames_in_use(recording.frames, pending):
        for user in users:
            for plan in user.add(index, frame):
                crops = [user.crops[int(i)] for i in plan.frame_inds]
                packed = model_input.pack(recording.name, plan.last, plan.window_sec, crops, recording.sound)
                yield ReadyWindow(user.face.number, plan, packed)
            user.forget()


def read_sound_windows(
    recording: Recording, plans: Sequence[PlannedWindow], model_input: ModelInput
) -> Iterator[ReadyWindow]:
    """Yield the windows of the sound alone.

    Raises:
        ClipError: The sound cannot be decoded.
    """
    for plan in plans:
        packed = model_input.pack(recording.name, plan.last, plan.window_sec, None, recording.sound)
        yield ReadyWindow(None, plan, packed)


def _frames_in_use(
    frames: FrameReader, pending: Sequence[_Pending]
) -> Iterator[tuple[int, np.ndarray, list[_Pending]]]:
    """Yield the frames that are needed, in order, each with the tracks that need it."""
    users: dict[int, list[_Pending]] = {}
    for track in pending:
        for index in track.needed():
            users.setdefault(index, []).append(track)
    indices = sorted(users)
    for index, frame in zip(indices, frames.iter_frames(indices), strict=True):
        yield index, frame, users[index]
