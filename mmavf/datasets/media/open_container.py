"""Opening of a media container: no other file is read, and nothing that is not a media container."""

import errno
import io
import os
from typing import Any

import av
from av.container import InputContainer

from mmavf.errors import ClipError
from mmavf.files.git_lfs import why_unreadable

from .media_errors import as_clip_errors
from .regular_file import require_regular_file

# Demuxers of files that contain media. Playlists, lists of parts and pictures refer to other files.
CONTAINERS = (
    *('mov', 'matroska', 'avi', 'mpeg', 'mpegts', 'mpegvideo', 'flv', 'live_flv', 'asf', 'rm', 'dv', 'mxf', 'nut'),
    *('ivf', 'wtv', 'nsv', 'm4v', 'h264', 'hevc', 'obu', 'h261', 'h263', 'vc1', 'yuv4mpegpipe'),
    *('wav', 'w64', 'xwma', 'aiff', 'caf', 'au', 'flac', 'ogg', 'mp3', 'aac', 'loas', 'ac3', 'eac3', 'dts', 'truehd'),
    *('amr', 'ape', 'tta', 'tak', 'wv', 'mpc', 'mpc8', 'voc', 'ircam', 'sox', 'gsm', 'oma'),
)
OPTIONS = {
    'format_whitelist': ','.join(CONTAINERS),
    'protocol_whitelist': 'file',
    'enable_drefs': '0',  # of mov: tracks whose data lie in another file
}
# tags in odd encodings are no reason to refuse a clip; PyAV 19 and later never do
ANY_TAGS: dict[str, Any] = {} if int(av.__version__.partition('.')[0]) >= 19 else dict(metadata_errors='ignore')
OPENING_FAILED = 'cannot be opened as media'


def open_container(path: str, data: bytes | memoryview | None = None) -> InputContainer:
    """Open a media file for reading. Close it: it is a reference cycle that only the garbage collector would free.

    Args:
        path: The file.
        data: Its bytes; `path` is then only its name.

    Raises:
        ClipError: It is not a regular file, not a media container, or too damaged to open.
    """
    if data is None:
        require_regular_file(path)
    with as_clip_errors(path, OPENING_FAILED):
        try:
            # an absolute path, as FFmpeg takes anything before a colon, such as in 12:30.mp4, for a protocol
            source = os.path.abspath(path) if data is None else io.BytesIO(data)
            return av.open(source, container_options=OPTIONS, **ANY_TAGS)
        except av.FFmpegError as error:
            raise ClipError(f'{path}: {OPENING_FAILED} ({_why_not(path, data, error)})') from error


def _why_not(path: str, data: bytes | memoryview | None, error: av.FFmpegError) -> str:
    if not (os.path.getsize(path) if data is None else len(data)):
        return 'it is empty'
    reason = error.strerror or str(error)
    if error.errno == errno.EINVAL:
        reason = 'not a container of video or sound; playlists, pictures and texts are not supported'
    return why_unreadable(path, reason)
