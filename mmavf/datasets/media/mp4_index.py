"""The index of an mp4 file that says all about the packets of its video, so that they need not be listed one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import add
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.index import IndexEntries

from .codec import open_codec
from .demux import CUT_TOLERANCE_SEC, Span, StreamPackets
from .h264_units import DELIMITER, FILLER, IDR, SLICE, unit_types
from .stamped_packet import StampedPacket

MAX_BYTES = 1 << 26  # of a file whose index is used, as all of it is in memory
BOXES = {b'ftyp', b'free', b'moov', b'mdat'}  # parts with indices of their own are not among them
KEY = 1  # flag of an entry; others mark pictures that are not shown
SHOWN_LATER = b'ctts'  # a table that no file has whose pictures are shown when they are decoded


class UnusualPacketError(Exception):
    """A packet that is not what the index lets expect."""


@dataclass(frozen=True)
class Mp4Index:
    """Where the packets of a video lie in a file, in the order of decoding, which is that of showing.

    Attributes:
        stream: The number of the stream in the file.
        data: The file.
        header: The header of the stream.
        stamps: The N stamps, ascending.
        places: Where the N packets begin.
        sizes: Their lengths in bytes.
        keys: (K,) int64, ascending numbers of the key packets, the first of which is 0.
    """

    stream: int
    data: bytes | memoryview
    header: bytes
    stamps: list[int]
    places: list[int]
    sizes: list[int]
    keys: np.ndarray

    def numbers_for(self, wanted: np.ndarray) -> list[int]:
        """Return the numbers of the packets that are decoded for those of ascending, distinct numbers."""
        begins = self.keys[np.searchsorted(self.keys, wanted, side='right') - 1]
        numbers: list[int] = []
        for begin, end in zip(begins.tolist(), wanted.tolist(), strict=True):
            numbers.extend(range(max(begin, numbers[-1] + 1 if numbers else 0), end + 1))
        return numbers

    def packet(self, number: int, is_key: bool) -> StampedPacket:
        """Return a packet.

        Raises:
            UnusualPacketError: A key packet is no picture that decoding can start from, or another may be one.
        """
        place = self.places[number]
        data = bytes(self.data[place : place + self.sizes[number]])
        types = unit_types(data, self.header)
        # only messages can mark other packets that decoding may start from, and from there pictures may differ
        if not (IDR in types if is_key else types <= {SLICE, DELIMITER, FILLER}):
            raise UnusualPacketError(f'packet {number}')
        packet = av.Packet(data)
        packet.pts = packet.dts = self.stamps[number]
        packet.is_keyframe = is_key
        return cast(StampedPacket, packet)

    def span(self, numbers: list[int]) -> Span:
        """Return packets, by their numbers.

        Raises:
            UnusualPacketError: One of them is not what the index lets expect.
        """
        keys = set(self.keys.tolist())
        packets = [self.packet(number, number in keys) for number in numbers]
        return Span(0.0, float('inf'), {self.stream: StreamPackets(packets, next(iter(packets), None))})


def read_index(path: str, data: bytes | memoryview | None, stream: av.VideoStream) -> Mp4Index | None:
    """Return the index of a video; None if the packets have to be listed to know them.

    It is used for H.264 without B-frames, in files without fragments, edits that hide pictures, or a second format of
    the stream, of which nothing is missing: in those, the entries of FFmpeg's index are the packets of its demuxer.

    Args:
        path: The file.
        data: Its bytes; `path` is then only its name.
        stream: The video.
    """
    if 'mp4' not in stream.container.format.name:
        return None
    codec, entries = open_codec(stream, path), stream.index_entries
    if codec.name != 'h264' or codec.has_b_frames or not len(entries):
        return None
    if (Path(path).stat().st_size if data is None else len(data)) > MAX_BYTES:
        return None
    data = Path(path).read_bytes() if data is None else data
    index = _copy(stream, entries, data, codec.extradata or b'')
    if index is None or not (_is_simple(data) and _is_whole(index, stream)):
        return None
    try:
        index.span([0, 1][: len(entries)])
    except UnusualPacketError:
        return None
    return index


def _copy(stream: av.VideoStream, entries: IndexEntries, data: bytes | memoryview, header: bytes) -> Mp4Index | None:
    """Return FFmpeg's index, which is lost when the file is closed; None if pictures are hidden or out of order."""
    found = list(entries)
    stamps, flags = [entry.timestamp for entry in found], np.array([entry.flags for entry in found])
    places, sizes = [entry.pos for entry in found], [entry.size for entry in found]
    if (np.diff(stamps) <= 0).any() or min(sizes) <= 0 or flags[0] != KEY or (flags | KEY != KEY).any():
        return None
    return Mp4Index(stream.index, data, header, stamps, places, sizes, np.flatnonzero(flags))


def _is_whole(index: Mp4Index, stream: av.VideoStream) -> bool:
    end = max(map(add, index.places, index.sizes))
    if end > len(index.data) or not stream.duration or not stream.time_base:
        return False
    return ((stream.start_time or 0) + stream.duration - index.stamps[-1]) * stream.time_base <= CUT_TOLERANCE_SEC


def _is_simple(data: bytes | memoryview) -> bool:
    """Return whether a file has one index, which holds for all of it, and one format of its video.

    Names of tables are looked for anywhere in the index: one that occurs by chance only costs time.
    """
    boxes = list(_boxes(data))
    index = [content for name, content in boxes if name == b'moov']
    if len(index) != 1 or not {name for name, _ in boxes} <= BOXES:
        return False
    return index[0].count(b'avc1') == 1 and SHOWN_LATER not in index[0]


def _boxes(data: bytes | memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the boxes of a file, of media without content; '' for what is none."""
    place = 0
    while place < len(data):
        size, name = int.from_bytes(data[place : place + 4], 'big'), bytes(data[place + 4 : place + 8])
        if size < 8 or place + size > len(data):  # 0 and 1: lengths of more than 32 bits
            yield b'', b''
            return
        yield name, bytes(data[place + 8 : place + size]) if name == b'moov' else b''
        place += size
