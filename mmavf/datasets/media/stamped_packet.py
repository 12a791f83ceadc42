"""The type of a packet whose stamps are known."""

from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:

    class StampedPacket(av.Packet):
        """A packet that has both stamps, as `Demuxer` makes sure of."""

        pts: int
        dts: int
else:
    StampedPacket = av.Packet  # which cannot be derived from
