"""Opening of a container, and of nothing else: no other file is read, and nothing that is no container of media."""

import errno
import os
import stat

import av
from av.container import InputContainer

from mmavf.errors import ClipError

# Demuxers of files that hold media themselves. Those of playlists, lists of parts and pictures name other files.
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
# tags in odd encodings are no reason to refuse a clip; from PyAV 19 on they never are
ANY_TAGS = {} if int(av.__version__.partition('.')[0]) >= 19 else dict(metadata_errors='ignore')
LFS_POINTER = b'version https://git-lfs'

# What PyAV raises beside its own errors where a file contradicts itself.
MEDIA_ERRORS = (
    av.FFmpegError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
)


def check_regular(path: str) -> None:
    """Refuse what is no file on a disk: reading from a pipe or a device may never end.

    Raises:
        ClipError: It is missing, may not be looked at, or is no regular file.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise ClipError(f'{path}: cannot be opened ({reason_of(error)})') from error
    if not stat.S_ISREG(mode):
        kind = 'a folder' if stat.S_ISDIR(mode) else 'a pipe, a device or a socket'
        raise ClipError(f'{path}: {kind} where a media file is expected')


def open_container(path: str) -> InputContainer:
    """Open a media file for reading. Close it: what it is made of is a cycle that only the collector would find.

    Raises:
        ClipError: It is no regular file, no container of media, or damaged beyond opening.
    """
    check_regular(path)
    try:
        # an absolute path: FFmpeg takes what stands before a colon, as in 12:30.mp4, for a protocol
        return av.open(os.path.abspath(path), container_options=OPTIONS, **ANY_TAGS)
    except MEDIA_ERRORS as error:
        raise ClipError(f'{path}: cannot be opened as media ({_why_not(path, error)})') from error


def reason_of(error: Exception) -> str:
    """Return what went wrong, as the system or the library says it, without the path that it repeats."""
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__


def _why_not(path: str, error: Exception) -> str:
    try:
        with open(path, 'rb') as file:
            head = file.read(len(LFS_POINTER))
    except OSError as unreadable:
        return reason_of(unreadable)
    if not head:
        return 'it is empty'
    if head == LFS_POINTER:
        return 'a pointer of Git LFS, not the file itself: fetch that by `git lfs pull`'
    if getattr(error, 'errno', None) == errno.EINVAL:
        return 'no container of video or sound; playlists, pictures and texts are not read'
    return reason_of(error)
