"""Packets whose stamps are known."""

import av


class StampedPacket(av.Packet):
    """A packet with both stamps, as `Demuxer` makes sure of: the type of what readers work with, never constructed."""

    pts: int
    dts: int
