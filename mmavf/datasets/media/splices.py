"""Continuous stamps for concatenated files.

Program and transport streams (mpg, vob, ts, mts) may be concatenated byte by byte; their stamps then restart, or jump
where a recorder was restarted or its 33-bit clock overflowed. As in players, each part begins when the one before it
ends, for sound and video alike.
"""

from collections import deque
from collections.abc import Iterator

from .stamped_packet import StampedPacket

# Formats whose stamps may jump, by the name of the demuxer; all their streams count in 1/90000 s.
SPLICED_FORMATS = ('mpeg', 'mpegts')
CLOCK_HZ = 90_000
# A stamp that is earlier by more, or ahead of all streams by more, belongs to another part.
MAX_BACK, MAX_AHEAD = CLOCK_HZ // 10, 10 * CLOCK_HZ
# Streams are interleaved: how much of a new part is searched for the beginning of each of its streams.
LOOK_AHEAD = 2 * CLOCK_HZ


def join_parts(packets: Iterator[StampedPacket]) -> Iterator[tuple[StampedPacket, int]]:
    """Yield the packets of a spliced format with stamps that continue from part to part.

    Args:
        packets: Of all streams that are used, in the order of the file. Those with a size have both stamps.

    Yields:
        The packet, its stamps changed, and the number of its part, from 0.
    """
    offsets: list[int] = [0]
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    waiting: deque[tuple[StampedPacket, int]] = deque()
    at: dict[int, tuple[int, int]] = {}  # the part and the decoding stamp that each stream has reached
    newest = 0
    for packet, part in _number_parts(packets):
        if part == newest == 0:  # all of most files: this is done for each packet and must be cheap
            end = packet.pts + (packet.duration or 0)
            if end > ends.get(0, -(2**63)):
                ends[0] = end
            at[packet.stream_index] = 0, packet.dts
            yield packet, 0
            continue
        waiting.append((packet, part))
        at[packet.stream_index] = part, packet.dts
        starts[part] = min(starts.get(part, packet.pts), packet.pts)
        ends[part] = max(ends.get(part, packet.pts), packet.pts + (packet.duration or 0))
        newest = max(newest, part)
        # all streams have reached the newest part, and no picture of it is shown before those that are known
        known = min(at.values()) >= (newest, starts[newest]) or ends[newest] - starts[newest] > LOOK_AHEAD
        if newest < len(offsets) or known:
            yield from _place(waiting, offsets, starts, ends)
    yield from _place(waiting, offsets, starts, ends)


def _place(
    waiting: deque[tuple[StampedPacket, int]], offsets: list[int], starts: dict[int, int], ends: dict[int, int]
) -> Iterator[tuple[StampedPacket, int]]:
    while waiting:
        packet, part = waiting.popleft()
        while len(offsets) <= part:
            before = len(offsets) - 1
            offsets.append(offsets[before] + ends[before] - starts[before + 1])
        packet.pts += offsets[part]
        packet.dts += offsets[part]
        yield packet, part


def _number_parts(packets: Iterator[StampedPacket]) -> Iterator[tuple[StampedPacket, int]]:
    """Yield each packet with the part that it belongs to, by its stamps: the last one of a stream comes late."""
    latest: list[int] = []  # the highest stamp of each part
    last: dict[int, tuple[int, int]] = {}  # of each stream its part and stamp
    for packet in packets:
        if not 0 <= packet.pts - packet.dts <= MAX_AHEAD:
            packet.dts = packet.pts  # FFmpeg extrapolates from before the jump if a stream has no decoding stamps
        part, stamp = last.get(packet.stream_index, (max(len(latest) - 1, 0), packet.dts))
        if not latest:
            latest.append(packet.dts)
        elif packet.dts < stamp - MAX_BACK or packet.dts > latest[part] + MAX_AHEAD:
            part += 1
            if part == len(latest):
                latest.append(packet.dts)
        latest[part] = max(latest[part], packet.dts)
        last[packet.stream_index] = part, packet.dts
        yield packet, part
