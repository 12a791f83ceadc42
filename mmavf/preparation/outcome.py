"""The pieces of work of a preparation, and what comes of them."""

from dataclasses import dataclass
from typing import NamedTuple

from .raw_clip import RawClip


class ClipJob(NamedTuple):
    """Prepare a raw clip.

    Attributes:
        clip: The raw clip.
        sources: Those of its files that no earlier clip has, relative to the raw folder; they are hashed.
        shard: Number of the shard that its face clips are for; None where there are no shards.
    """

    clip: RawClip
    sources: tuple[str, ...]
    shard: int | None


class ShardJob(NamedTuple):
    """Write face clips that are made already into the shard `number`.

    Attributes:
        number: Number of the shard.
        clips: For each its id and that of its raw clip.
    """

    number: int
    clips: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a raw clip, or of a part of it.

    Attributes:
        id: Id of the face clip: that of the raw clip, in a corpus with the number of the part.
        raw_id: Id of the raw clip.
        reason: Why there is no face clip; '' where there is one. A raw clip of which nothing came has one outcome with
            its own id; where pieces of it came out, those that did not have their own.
        video: Its frames, as a list names them, relative to the output folder.
        audio: Its sound file likewise; '' where it has none, or has it in its shard.
        start_sec: Where it begins in the raw clip.
        frames: Number of its frames in the raw clip.
        seconds: Its length.
        parts: How many parts the raw clip has that its face is seen in without a break.
        faces_seen: Largest number of faces that are seen at a time in the raw clip.
        missing: Share of the raw clip's frames looked at without its face.
        silent: Nothing is to be heard.
        starts_late_sec: How much later than the frames the sound starts.
        ends_early_sec: How much earlier than the frames it ends.
    """

    id: str
    raw_id: str
    reason: str = ''
    video: str = ''
    audio: str = ''
    start_sec: float = 0.0
    frames: int = 0
    seconds: float = 0.0
    parts: int = 1
    faces_seen: int = 1
    missing: float = 0.0
    silent: bool = False
    starts_late_sec: float = 0.0
    ends_early_sec: float = 0.0


class ClipResult(NamedTuple):
    """What came of a ClipJob.

    Attributes:
        outcomes: One at least, as dicts with the fields of Outcome, for JSON.
        sources: SHA-256 of the job's sources by path; None where one cannot be read.
    """

    outcomes: list[dict]
    sources: dict[str, str | None]
