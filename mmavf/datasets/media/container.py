"""Opening of media files (mp4, mov, mkv, avi, mpg, ...) with PyAV.

A file is demuxed once, and its packets are decoded on demand from the key frame before the first requested frame. The
video of an mp4 whose index can be trusted is not even demuxed, if no sound is wanted from the file (see `mp4_index`). A
part that begins late in an mp4, mov or Matroska file is sought, and where the seek landed is checked (see `Demuxer`);
other files are read from their beginning. Seeking lands a group of pictures too late in MPEG program streams, and
readers that number frames by packets (decord 0.6) return shifted frames there and in mp4 files with an edit list.
"""

from collections.abc import Sequence

from .audio_track import AudioTrack
from .channels import Channel
from .interfaces import FrameReader
from .media_errors import as_clip_errors
from .media_source import MediaSource
from .open_container import OPENING_FAILED, open_container
from .video_track import VideoTrack


class MediaFile:
    """A media file, opened, with its packets in memory and nothing decoded yet; the file itself is closed again.

    Times are seconds from the start of the file (of its earliest stream), by the stamps in the file; those of files
    that were concatenated into one file continue (see `join_parts`). Of several video or sound streams the one that
    FFmpeg ranks best is used; a cover picture is not a video.

    Args:
        path: The file.
        start_sec: Use only what lies at or after this time.
        end_sec: Use only what lies before this time; None means to the end. Packets outside are not kept in memory.
        kinds: Which streams are read; those of the other kind may be damaged.
        channel: Number of the sound channel to use, from 1, or 'mean'; None: the rule of `mix_down`.
        data: The bytes of the file; `path` is then only its name.

    Attributes:
        video: The video; None if the file has none or it is not read.
        audio: The sound; None if the file has none or it is not read.

    Raises:
        ClipError: Not a media file, damaged beyond opening, or cut off.
    """

    def __init__(
        self,
        path: str,
        start_sec: float = 0.0,
        end_sec: float | None = None,
        kinds: Sequence[str] = ('video', 'audio'),
        channel: Channel = None,
        data: bytes | memoryview | None = None,
    ) -> None:
        self.path = path
        self.video: FrameReader | None = None
        self.audio: AudioTrack | None = None
        end_sec = float('inf') if end_sec is None else end_sec
        # closing breaks the reference cycles of a container, so that its memory is freed when it is no longer used
        with as_clip_errors(path, OPENING_FAILED), open_container(path, data) as container:
            source = MediaSource(path, container, kinds, data)
            if start_sec <= 0 and end_sec == float('inf'):
                self.video = source.indexed_video()
            if self.video is None:
                span = source.demuxer().read(start_sec, end_sec)
                self.video, self.audio = source.video_track(span), source.audio_track(span, channel)
        if isinstance(self.video, VideoTrack):
            self.video.require_frames(start_sec, end_sec)
