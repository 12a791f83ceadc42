"""One face at each time of a clip, as data sets of single speakers need it."""

from typing import NamedTuple

from mmavf.datasets.media import FrameReader
from mmavf.errors import ClipError

from .choice import choose_tracks
from .cropper import FaceCropper, FacePart
from .face_track import max_concurrent


class OneFace(NamedTuple):
    """Where a clip's face is.

    Attributes:
        parts: Runs of frames that show it, by time; at least one.
        faces_seen: Largest number of faces at the same time.
        missing: Share of the sampled frames in which the chosen face was not found.
    """

    parts: list[FacePart]
    faces_seen: int
    missing: float


def follow_one_face(
    cropper: FaceCropper, reader: FrameReader, clip_id: str, choose: str = 'largest', max_missing: float = 0.5
) -> OneFace:
    """Locate all faces of a clip and choose one of them at each time.

    Args:
        cropper: What finds and follows faces.
        reader: The frames; they are iterated once.
        clip_id: Id of the clip, for messages and for detectors that read files.
        choose: Which of several faces is taken (see `choose_tracks`).
        max_missing: A clip is refused when a larger share of its sampled frames is without the face, in [0, 1).

    Raises:
        ClipError: A frame cannot be decoded, or too many frames are without the face.
    """
    located = cropper.locate(reader, clip_id)
    chosen = choose_tracks(located.tracks, choose, located.sightings.frame_size)
    parts = cropper.parts(located, chosen)
    missing = 1 - sum(part.sightings for part in parts) / len(located.sightings.frames)
    if missing > max_missing:
        note = '' if len(parts) == len(chosen) else f', not counting parts shorter than {cropper.min_sec:g} s'
        raise ClipError(f'{clip_id}: no face in {missing:.0%} of the sampled frames{note}')
    return OneFace(parts, max_concurrent(located.tracks), missing)
