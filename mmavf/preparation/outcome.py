"""The jobs of a preparation and their outcomes."""

from dataclasses import dataclass
from typing import NamedTuple

from .raw_clip import RawClip


class ClipJob(NamedTuple):
    """Prepare a raw clip.

    Attributes:
        clip: The raw clip.
        sources: Those of its files that no earlier clip has, relative to the raw folder; they are hashed.
        shard: Number of the shard for its face clips; None without shards.
    """

    clip: RawClip
    sources: tuple[str, ...]
    shard: int | None


class ShardJob(NamedTuple):
    """Write finished face clips into the shard `number`.

    Attributes:
        number: Number of the shard.
        clips: Id of each face clip and of its raw clip.
    """

    number: int
    clips: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of a raw clip, or of a part of it.

    Attributes:
        id: Id of the face clip: that of the raw clip, in a corpus with the number of the part.
        raw_id: Id of the raw clip.
        reason: Why there is no face clip; '' if there is one. A raw clip that failed as a whole has one outcome with
            its own id; otherwise each failed piece has one.
        video: Its frames, as a list refers to them, relative to the output folder.
        audio: Its sound file likewise; '' if it has none, or has it in its shard.
        start_sec: Where it begins in the raw clip.
        frames: Number of its frames in the raw clip.
        seconds: Its length.
        parts: Number of parts of the raw clip that show its face without a break.
        faces_seen: Largest number of faces at the same time in the raw clip.
        missing: Share of the raw clip's sampled frames without its face.
        silent: Whether the sound is silence.
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
    """The result of a ClipJob.

    Attributes:
        outcomes: At least one, as dicts with the fields of Outcome, for JSON.
        sources: SHA-256 of the job's sources by path; None for those that cannot be read.
    """

    outcomes: list[dict]
    sources: dict[str, str | None]
