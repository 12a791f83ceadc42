"""Demuxing: the packets of a file that a span of time needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeGuard, cast

import av
from av.container import InputContainer
from av.stream import Stream

from mmavf.errors import ClipError

from .audio_track import PREROLL_SEC
from .codec import unit_sec
from .open_container import open_container
from .picture_order import stamp_by_type
from .seek import EARLY_SEC, REORDERED_PACKETS, SEEK_FROM_SEC, SEEKABLE_FORMATS, makes_stamps, seek_before
from .splices import SPLICED_FORMATS, join_parts
from .stamped_packet import StampedPacket

# A track that ends this much earlier than the file's own table says is cut off.
CUT_TOLERANCE_SEC = 0.5
# Stamps of pictures that are remembered, to find those that occur twice.
MAX_SEEN = 4096


@dataclass
class StreamPackets:
    """The packets of one stream that a span needs; all have stamps.

    Attributes:
        packets: In decoding order, from the beginning of the file or from a key frame on.
        first: The first of the stream in the file; None if it has none.
        last: The last that was read.
        dropped: How many were read before those in `packets`.
        begins: Positions in `packets` at which the parts of a concatenated file begin; the first part only if it is
            there from its beginning.
        stamped_by_order: The stamps belong to the decoded pictures in ascending order, not each to its packet.
    """

    packets: list[StampedPacket] = field(default_factory=list)
    first: StampedPacket | None = None
    last: StampedPacket | None = None
    begins: list[int] = field(default_factory=list)
    stamped_by_order: bool = False
    dropped: int = 0

    @property
    def trimmed(self) -> bool:
        """Whether packets at the beginning were dropped because the span begins later."""
        return bool(self.packets) and self.first is not self.packets[0]

    def drop(self, count: int) -> None:
        """Leave out the first `count` packets."""
        self.packets, self.dropped = self.packets[count:], self.dropped + count
        self.begins = [begin - count for begin in self.begins if begin >= count]


@dataclass
class Span:
    """The packets of a span of time, by the index of their stream.

    Attributes:
        start_sec: Its start.
        end_sec: Its end; infinite if the file ended before it.
        streams: The packets.
    """

    start_sec: float
    end_sec: float
    streams: dict[int, StreamPackets]


class Demuxer:
    """Reads a file once: from its beginning, or where that is exact from a key packet before the part that is wanted.

    Args:
        path: The file.
        data: Its bytes; `path` is then only its name.
        container: The opened file, nothing read yet.
        streams: The streams to read.
        origin_sec: Stamp of the clip's time 0.
        kept: Those of the streams whose packets are kept; None: all. Of the others only first and last are known.
    """

    def __init__(
        self,
        path: str,
        data: bytes | memoryview | None,
        container: InputContainer,
        streams: Sequence[Stream],
        origin_sec: float,
        kept: Sequence[Stream] | None = None,
    ) -> None:
        self._path, self._data, self._container, self._origin_sec = path, data, container, origin_sec
        self._streams = {stream.index: stream for stream in streams}
        self._kept = {stream.index: stream for stream in (streams if kept is None else kept)}
        self._units = {index: unit_sec(stream, path) for index, stream in self._streams.items()}
        self._ends = dict.fromkeys(self._streams, 0)

    def read(self, start_sec: float, end_sec: float) -> Span:
        """Return the packets of each stream that [start_sec, end_sec) needs.

        Raises:
            ClipError: A stream has no stamps or begins in the middle, or the file is cut off.
        """
        return replace(next(self.spans(start_sec, end_sec)), end_sec=end_sec)

    def spans(self, start_sec: float, end_sec: float, delay_sec: float = 0.0) -> Iterator[Span]:
        """Yield the packets that the span [start_sec, end_sec) needs, then those of spans as long as that, to the end.

        Only those of one span are in memory. A span without packets is joined to the next.

        Args:
            start_sec: Start of the first span.
            end_sec: Its end.
            delay_sec: Read so much more than a span, for decoders that return a picture some packets later.

        Raises:
            ClipError: A stream has no stamps or begins in the middle, or the file is cut off.
        """
        if not self._can_seek(start_sec):
            yield from self._read_on(start_sec, end_sec, delay_sec)
            return
        sought = self._seek(start_sec, end_sec, delay_sec)
        if sought is not None:
            yield from sought
            return
        self._ends = dict.fromkeys(self._streams, 0)
        with open_container(self._path, self._data) as self._container:  # which is at its beginning
            yield from self._read_on(start_sec, end_sec, delay_sec)

    def _can_seek(self, start_sec: float) -> bool:
        formats = self._container.format.name
        return bool(self._kept) and start_sec > SEEK_FROM_SEC and any(name in formats for name in SEEKABLE_FORMATS)

    def _seek(self, start_sec: float, end_sec: float, delay_sec: float) -> Iterator[Span] | None:
        """Return what `spans` yields, read from somewhere behind the beginning; None if that is not exact."""
        main = min(self._kept.values(), key=lambda stream: stream.type != 'video')
        early_sec = start_sec - PREROLL_SEC - EARLY_SEC
        try:
            firsts = self._first_packets(early_sec)
            if firsts is None:
                return None
            seek_before(self._container, main, int((early_sec + self._origin_sec) / self._units[main.index]))
            spans = self._read_on(start_sec, end_sec, delay_sec, firsts)
            first = next(spans)
        except (av.FFmpegError, ClipError):  # if it concerns the part that is wanted, it is found again
            return None
        landed = all(self._has_landed(index, first.streams[index], start_sec) for index in self._kept)
        return chain([first], spans) if landed else None

    def _first_packets(self, end_sec: float) -> dict[int, StampedPacket] | None:
        """Return the first packet of each stream that is kept; None if one of them begins behind `end_sec`."""
        firsts: dict[int, StampedPacket] = {}
        for packet in self._stamped():
            firsts.setdefault(packet.stream_index, packet)
            if firsts.keys() >= self._kept.keys():
                return firsts
            if packet.dts * self._units[packet.stream_index] - self._origin_sec > end_sec:
                break
        return None

    def _has_landed(self, index: int, read: StreamPackets, start_sec: float) -> bool:
        """Return whether the packets are those of reading from the beginning."""
        settled = self._streams[index].type == 'audio' or not makes_stamps(self._container)
        if not read.packets or not (settled or read.dropped >= REORDERED_PACKETS):
            return False
        return not read.trimmed or self._begins(read.packets[0], start_sec)

    def _read_on(
        self, start_sec: float, end_sec: float, delay_sec: float, firsts: dict[int, StampedPacket] | None = None
    ) -> Iterator[Span]:
        """Yield the spans from where the container is; if not at its beginning, `firsts` has the packets from there."""
        taken = {index: StreamPackets(first=(firsts or {}).get(index)) for index in self._streams}
        unordered = {i: stream for i, stream in self._kept.items() if self._is_unordered(stream)}
        separate = {i: Separator() for i, s in self._kept.items() if s.type == 'video' and i not in unordered}
        running, parts, length_sec = set(self._kept), dict.fromkeys(self._streams, -1), end_sec - start_sec
        for found, part in self._in_one_time():
            index, read = found.stream_index, taken[found.stream_index]
            packet = read.first if read.last is None and read.first and _is_same(found, read.first) else found
            read.first, before, read.last = read.first or packet, read.last, packet
            if before is None and packet is not read.first:  # the stream does not begin here
                parts[index] = part
            if index not in self._kept:
                continue
            if index in separate:
                separate[index](packet)
            if index not in unordered and self._begins(packet, start_sec):
                read.drop(len(read.packets))
            if part != parts[index]:
                parts[index] = part
                read.begins.append(len(read.packets))
            read.packets.append(packet)
            # decoding stamps ascend; streams may be interleaved coarsely, so wait for each of them
            reached_sec = packet.dts * self._units[index] - self._origin_sec
            if reached_sec > end_sec + delay_sec and index not in unordered:
                running.discard(index)
                if not running:
                    yield Span(start_sec, end_sec, taken)
                    start_sec, end_sec = end_sec, reached_sec - delay_sec + length_sec
                    running, taken = set(self._kept), self._trimmed(taken, start_sec)
        for index, stream in self._streams.items():
            if firsts is None or taken[index].last is not None:
                self._check_complete(stream)
        for index, video in unordered.items():
            self._set_in_order(video, taken[index])
        yield Span(start_sec, float('inf'), taken)

    def _begins(self, packet: StampedPacket, start_sec: float) -> bool:
        """Return whether decoding from this packet on gives all from `start_sec` on.

        It begins at the last key packet before; one of sound may be seconds long.
        """
        index = packet.stream_index
        early_sec = PREROLL_SEC if self._streams[index].type == 'audio' else 0
        return packet.is_keyframe and packet.pts * self._units[index] - self._origin_sec <= start_sec - early_sec

    def _trimmed(self, taken: dict[int, StreamPackets], start_sec: float) -> dict[int, StreamPackets]:
        """Return a copy without the packets that are not needed from `start_sec` on."""
        trimmed = {}
        for index, read in taken.items():
            keys = [i for i, packet in enumerate(read.packets) if self._begins(packet, start_sec)]
            trimmed[index] = replace(read, packets=list(read.packets), begins=list(read.begins))
            trimmed[index].drop(keys[-1] if keys else 0)
        return trimmed

    def _in_one_time(self) -> Iterator[tuple[StampedPacket, int]]:
        packets = self._stamped()
        if self._container.format.name in SPLICED_FORMATS:
            return join_parts(packets)
        return ((packet, 0) for packet in packets)

    def _stamped(self) -> Iterator[StampedPacket]:
        """Yield the packets that are not empty, each with both stamps."""
        for packet in self._packets():
            if packet.size == 0:  # ends a stream, or replaces a dropped frame
                continue
            index = packet.stream_index
            if packet.pts is None:  # the last one of some files: it follows the one before
                if not self._ends[index]:
                    kind = self._streams[index].type
                    raise ClipError(f'{self._path}: the {kind} has no time stamps: re-encode the file as mp4')
                packet.pts = self._ends[index]
            if packet.dts is None:
                packet.dts = packet.pts
            self._ends[index] = max(self._ends[index], packet.pts + (packet.duration or 0))
            yield cast(StampedPacket, packet)

    def _packets(self) -> Iterator[av.Packet]:
        try:
            if self._streams:
                yield from self._container.demux([self._container.streams[index] for index in self._streams])
        except IndexError as error:  # PyAV meets a packet of a stream that the header does not have
            raise ClipError(f'{self._path}: a stream begins in the middle of the file: the file is damaged') from error

    def _is_unordered(self, stream: Stream) -> TypeGuard[av.VideoStream]:
        """Whether stamps follow the order of decoding, although pictures are shown in another order."""
        codec = stream.codec_context if isinstance(stream, av.VideoStream) else None
        if codec is None or not codec.has_b_frames:
            return False
        return self._container.format.name == 'avi' and codec.name in ('mpeg4', 'h264', 'hevc')

    def _set_in_order(self, stream: av.VideoStream, taken: StreamPackets) -> None:
        if stream.codec_context.name == 'mpeg4':
            taken.packets = stamp_by_type(stream, taken.packets)
            taken.first = next(iter(taken.packets), None)
        else:
            taken.stamped_by_order = True
        separate = Separator()
        for packet in taken.packets:
            separate(packet)

    def _check_complete(self, stream: Stream) -> None:
        """Compare the end of the last packet with the file's own table, if that is exact (mp4, mov)."""
        if 'mp4' not in self._container.format.name or not stream.duration:
            return
        missing = (stream.start_time or 0) + stream.duration - self._ends[stream.index]
        missing_sec = missing * self._units[stream.index]
        if missing_sec > CUT_TOLERANCE_SEC:
            raise ClipError(f'{self._path}: {stream.type} lacks the last {missing_sec:.2f} s: the file is cut off')


def _is_same(packet: StampedPacket, first: StampedPacket) -> bool:
    """Return whether a packet is the first of its stream, read again; FFmpeg may give it another duration then."""
    return (packet.pts, packet.size) == (first.pts, first.size)


class Separator:
    """Moves a picture with the stamp of an earlier one by half a frame, so that stamps are unique.

    FFmpeg stamps pictures twice where a program stream has no stamps for some of them.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def __call__(self, packet: StampedPacket) -> None:
        """Move a packet; they come in decoding order."""
        if packet.is_discard:
            return
        while packet.pts in self._seen:
            packet.pts += max((packet.duration or 0) // 2, 1)
        self._seen.add(packet.pts)
        if len(self._seen) > MAX_SEEN:  # no later picture is shown before it is decoded
            self._seen = {stamp for stamp in self._seen if stamp >= min(packet.dts, packet.pts)}
