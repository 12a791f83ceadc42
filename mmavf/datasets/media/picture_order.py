"""Stamps of pictures in avi, which numbers them in decoding order.

FFmpeg guesses when pictures are shown, and guesses wrongly for packed MPEG-4 of DivX and Xvid (a chunk has a picture
and the one shown before it, the next chunk is empty) and for H.264 with B-frames.
"""

from bisect import bisect_left
from typing import cast

import av
from av.bitstream import BitStreamFilterContext

from mmavf.errors import ClipError

from .leading import holds_idr
from .stamped_packet import StampedPacket

VOP_START = b'\0\0\1\xb6'  # of a picture of MPEG-4 (ISO/IEC 14496-2, 6.2.5); the two bits behind it are its type
VOP_TYPE_B = 2


def stamp_by_type(stream: av.VideoStream, packets: list[StampedPacket]) -> list[StampedPacket]:
    """Stamp the pictures of MPEG-4 as their types order them: B-frames are shown before the picture in front of them.

    Args:
        stream: The stream.
        packets: All of its packets from the beginning, in decoding order.

    Returns:
        Packets of one picture each, in decoding order.
    """
    if any(bytes(packet).count(VOP_START) > 1 for packet in packets):
        unpack = BitStreamFilterContext('mpeg4_unpack_bframes', stream)
        singles = [single for packet in [*packets, None] for single in unpack.filter(packet) if single.size]
        packets = cast(list[StampedPacket], singles)
    shown: list[StampedPacket] = []
    reference: list[StampedPacket] = []
    for packet in packets:
        if _vop_type(packet) == VOP_TYPE_B:
            shown.append(packet)
        else:
            shown += reference
            reference = [packet]
    stamps = sorted(packet.pts for packet in packets)
    for packet, stamp in zip(shown + reference, stamps, strict=True):
        packet.pts = stamp
    return packets


def _vop_type(packet: StampedPacket) -> int | None:
    data = bytes(packet)
    place = data.find(VOP_START) + len(VOP_START)
    return data[place] >> 6 if len(VOP_START) <= place < len(data) else None


class PictureOrder:
    """Ascending stamps for the pictures of H.264 whose packets are stamped in decoding order.

    Args:
        path: The file, for messages.
        codec: The stream's decoder.
        packets: All packets from the beginning of the file, in decoding order.

    Raises:
        ClipError: Decoding cannot start with the first picture of the stream.
    """

    def __init__(self, path: str, codec: av.VideoCodecContext, packets: list[StampedPacket]) -> None:
        self._path = path
        self._stamps = sorted(packet.pts for packet in packets)
        self._idr = {packet.pts for packet in packets if packet.is_keyframe and holds_idr(packet, codec)}
        if packets and packets[0].pts not in self._idr:
            self._refuse()

    def begins_at(self, packet: StampedPacket) -> bool:
        """Return whether all pictures from this packet on are shown after all earlier ones."""
        return packet.pts in self._idr

    def restart(self, packet: StampedPacket) -> None:
        """Continue with the stamp of `packet`, from which decoding starts."""
        self._next = bisect_left(self._stamps, packet.pts)

    def next_stamp(self, packet_stamp: int) -> int:
        """Return the stamp of the next decoded picture.

        Args:
            packet_stamp: The stamp of its packet.

        Raises:
            ClipError: A picture is missing.
        """
        if self._next >= len(self._stamps):
            self._refuse()
        stamp = self._stamps[self._next]
        if packet_stamp in self._idr and stamp != packet_stamp:
            self._refuse()
        self._next += 1
        return stamp

    def _refuse(self) -> None:
        raise ClipError(f'{self._path}: the order of the video frames in this avi is unknown: re-encode it as mp4')
