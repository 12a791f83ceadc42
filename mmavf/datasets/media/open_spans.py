"""Reading of a media file span after span."""

from collections.abc import Generator, Sequence

from .demux import Span
from .media_errors import as_clip_errors
from .media_source import MediaSource
from .open_container import OPENING_FAILED, open_container

# How much more than a span is read: decoders return a picture up to 16 pictures later.
DELAY_SEC = 1.0


def open_spans(
    path: str, kinds: Sequence[str], kept: str, start_sec: float, span_sec: float
) -> Generator[tuple[MediaSource, Span]]:
    """Open a file and yield its spans, one in memory at a time; the file is closed behind the last.

    Args:
        path: The file.
        kinds: Which streams are read.
        kept: The kind whose packets are kept; of the others only first and last are known.
        start_sec: Start of the first span.
        span_sec: Its length; others may be a little longer.

    Raises:
        ClipError: Not a media file, damaged beyond opening, or cut off.
    """
    with as_clip_errors(path, OPENING_FAILED), open_container(path) as container:
        source = MediaSource(path, container, kinds)
        for span in source.demuxer((kept,)).spans(start_sec, start_sec + span_sec, DELAY_SEC):
            yield source, span
