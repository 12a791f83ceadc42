"""Seeking in containers in which packets after a seek are those of reading from the beginning."""

from itertools import islice

from av.container import InputContainer
from av.stream import Stream

# Formats whose packets keep their stamps, by a part of the demuxer's name. In program and transport streams, stamps and
# durations of the first packets after a seek are guessed anew; in avi they depend on how many packets came before.
SEEKABLE_FORMATS = ('mp4', 'matroska')
# Reading less than this from the beginning costs less than seeking.
SEEK_FROM_SEC = 5.0
# Sound is interleaved coarsely with the key frames that are sought.
EARLY_SEC = 1.0
# Matroska has no decoding stamps; FFmpeg makes them out of up to 16 packets before, and errs in the first after a seek.
REORDERED_PACKETS = 17


def seek_before(container: InputContainer, stream: Stream, stamp: int) -> None:
    """Go to a key packet at or before `stamp` of a stream.

    In Matroska to the one before that, so that the stamps of those that are needed are right. Where it landed has to be
    checked.

    Raises:
        av.FFmpegError: It cannot be found.
    """
    container.seek(stamp, stream=stream)
    if stream.type == 'video' and makes_stamps(container):
        for packet in islice(container.demux(stream), 1):
            container.seek((stamp if packet.pts is None else packet.pts) - 1, stream=stream)


def makes_stamps(container: InputContainer) -> bool:
    """Return whether the decoding stamps are not in the file."""
    return 'matroska' in container.format.name
