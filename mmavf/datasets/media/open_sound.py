"""Opening of sound in any file."""

from typing import Any

from mmavf.errors import ClipError

from .audio_track import AudioTrack
from .channels import Channel
from .container import MediaFile
from .sound_file import SoundFile, UnknownToLibsndfileError


def open_sound(
    path: str,
    start_sec: float = 0.0,
    end_sec: float | None = None,
    *,
    channel: Channel = None,
    data: bytes | memoryview | None = None,
) -> SoundFile | AudioTrack | None:
    """Open a sound file, or the sound of a media file.

    A file with the suffix of a sound file is read by libsndfile, which can seek; if that cannot read it (the format
    differs from the suffix, the header has no length), by FFmpeg.

    Args:
        path: The file; only its name if `data` is given.
        start_sec: Of a media file only the part from this time on is needed; see MediaFile.
        end_sec: Only the part before this time; None means to the end.
        channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.
        data: The bytes of the file.

    Returns:
        The sound; None if a media file has none.

    Raises:
        ClipError: It cannot be opened, is damaged or cut off.
    """
    media: dict[str, Any] = dict(kinds=('audio',), channel=channel, data=data)
    if not path.lower().endswith(SoundFile.SUFFIXES):
        return MediaFile(path, start_sec, end_sec, **media).audio
    try:
        return SoundFile(path, data, channel)
    except UnknownToLibsndfileError as unknown:
        try:
            return MediaFile(path, start_sec, end_sec, **media).audio
        except ClipError as error:
            raise ClipError(f'{unknown}; nor by FFmpeg: {str(error).removeprefix(f"{path}: ")}') from error
