"""Clips of a raw data set, as its files describe them, before any media is opened."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple


@dataclass(frozen=True, kw_only=True)
class RawClip:
    """One clip of a raw data set. Paths are relative to the set's raw folder, with forward slashes.

    Attributes:
        id: Name of the clip in lists and of the files made from it: letters, digits, `_`, `-` and `.` only, unique in
            the set, and the same in sets that share the clip. It contains no person's name.
        video: Media file, or folder of frame images; '' if the clip has sound only.
        audio: Sound or media file; '' means the video file's own sound, None that the clip has no usable sound.
        label: Class, by the set's own name; '' without one.
        numbers: Numbers to regress by column name.
        subject: The person; '' if unknown.
        fold: Official fold that tests on the clip; '' if there is none, or if a rule determines it.
        group: Shared by clips whose predictions are merged; '' for none.
        start_sec: Start of the clip in the media file.
        end_sec: Its end; None means the end of the file.
        first_frame: Number, in the name of its image, of a frame folder's first frame to use; None means the first.
        last_frame: Number of the last frame to use, inclusive; None means the last.
        fps: Frames per second of a frame folder; None if unknown.
        half: Half of the picture that shows the person; '' means the whole.
        faces: The frames are cropped faces already and are used as they are.
    """

    id: str
    video: str = ''
    audio: str | None = ''
    label: str = ''
    numbers: dict[str, float] = field(default_factory=dict)
    subject: str = ''
    fold: str = ''
    group: str = ''
    start_sec: float = 0.0
    end_sec: float | None = None
    first_frame: int | None = None
    last_frame: int | None = None
    fps: float | None = None
    half: Literal['', 'left', 'right'] = ''
    faces: bool = False


class LeftOut(NamedTuple):
    """Something in the raw set that does not become a clip.

    Attributes:
        name: Id of the clip, or path relative to the raw folder.
        reason: Why, short and identical for similar cases, because the summary counts by it.
    """

    name: str
    reason: str


class RawIndex(NamedTuple):
    """The contents of a raw set.

    Attributes:
        clips: Its clips in the order of their ids.
        left_out: What does not become a clip.
    """

    clips: list[RawClip]
    left_out: list[LeftOut]
