"""Decoders of streams, and the tolerance of times."""

from typing import overload

import av
from av.codec.context import CodecContext
from av.stream import Stream

from mmavf.errors import ClipError

# Stamps, and the times in a list, are decimal fractions; floats represent them to within this.
TIME_TOLERANCE_SEC = 1e-6


@overload
def open_codec(stream: av.VideoStream, path: str) -> av.VideoCodecContext: ...
@overload
def open_codec(stream: av.AudioStream, path: str) -> av.AudioCodecContext: ...
def open_codec(stream: Stream, path: str) -> CodecContext:
    """Return the decoder of a stream, with one thread: data workers are the parallelism.

    Raises:
        ClipError: FFmpeg has no decoder for the stream, as its header names it.
    """
    codec: av.CodecContext | None = stream.codec_context
    if codec is None:
        raise ClipError(f'{path}: FFmpeg has no decoder for the {stream.type} stream')
    if not codec.is_open:
        codec.thread_count = 1
    return codec


def unit_sec(stream: Stream, path: str) -> float:
    """Return the unit of a stream's stamps in seconds, as a float: fractions are slow.

    Raises:
        ClipError: The stream has none.
    """
    if not stream.time_base:
        raise ClipError(f'{path}: a stream has no unit of time: it is damaged')
    return float(stream.time_base)
