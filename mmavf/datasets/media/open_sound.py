"""Opening of sound, whatever file it is in."""

from .audio_track import AudioTrack
from .container import MediaFile
from .sound_file import SoundFile


def open_sound(path: str, start_sec: float = 0.0, end_sec: float | None = None) -> SoundFile | AudioTrack | None:
    """Open a sound file, or the sound of a media file.

    Args:
        path: The file.
        start_sec: Of a media file only what lies at or after this time need be read; see MediaFile.
        end_sec: Only what lies before this time; None means to the end.

    Returns:
        The sound, or None where a media file has none.

    Raises:
        ClipError: It cannot be opened, is damaged or cut off.
    """
    if path.lower().endswith(SoundFile.SUFFIXES):
        return SoundFile(path)
    return MediaFile(path, start_sec, end_sec, kinds=('audio',)).audio
