"""Pictures at the beginning of a stream that cannot be shown because those that they depend on are missing.

Recordings that a camera splits into files, broadcasts that were cut without re-encoding, and concatenated streams can
begin inside a group of pictures. Players skip what they cannot decode; only the frames that they show are counted here.
"""

from collections.abc import Sequence

import av

from .h264_units import IDR, unit_types
from .stamped_packet import StampedPacket

# Their decoders hold back pictures with missing references. Other decoders show grey until the first key frame.
CAREFUL_CODECS = ('h264', 'hevc', 'vvc', 'av1', 'mpeg1video', 'mpeg2video')


def drop_unshown(
    codec: av.VideoCodecContext, packets: list[StampedPacket], begins: Sequence[int]
) -> tuple[list[StampedPacket], set[int]]:
    """Leave out of a stream what cannot be shown at the beginnings of its parts.

    A part is decoded at its beginning only if it does not begin with a picture that decoding can start from and that
    all others follow.

    Args:
        codec: The stream's decoder. It is flushed.
        packets: All packets in decoding order.
        begins: Positions at which the parts begin; everything before the first is kept.

    Returns:
        The packets to decode, and the stamps of those that give no picture.
    """
    kept, unshown = packets[: begins[0]] if begins else packets, set[int]()
    for begin, end in zip(begins, [*begins[1:], len(packets)], strict=False):
        part = packets[begin:end]
        if part and not _begins_whole(codec, part):
            position, first = _find_first(codec, part)
            unshown.update(packet.pts for packet in part if packet.pts < first)
            part = part[position:]
        kept += part
    return kept, unshown


def _begins_whole(codec: av.VideoCodecContext, part: list[StampedPacket]) -> bool:
    head = part[0]
    if not head.is_keyframe or any(packet.pts < head.pts for packet in part):
        return False
    # H.264 also marks where a picture starts to be refreshed, strip by strip or with earlier pictures
    return codec.name != 'h264' or holds_idr(head, codec)


def holds_idr(packet: StampedPacket, codec: av.VideoCodecContext) -> bool:
    """Return whether an H.264 packet has an IDR picture: nothing later refers to anything before it (7.4.1.2.4)."""
    return IDR in unit_types(bytes(packet), codec.extradata or b'')


def _find_first(codec: av.VideoCodecContext, part: list[StampedPacket]) -> tuple[int, int]:
    """Decode the beginning of a part.

    Returns:
        The position of the packet to begin with, and the stamp of the first picture that is shown. If none is complete,
        those of the first key frame, if any: its fault is reported when it is read.
    """
    key = next((i for i, packet in enumerate(part) if packet.is_keyframe), len(part))
    key_pts = part[key].pts if key < len(part) else 2**63
    codec.flush_buffers()
    try:
        for position, packet in enumerate([*part, None]):
            for frame in _decode(codec, packet, damage_is_usual=position < key):
                careful = frame.key_frame or codec.name in CAREFUL_CODECS
                if frame.pts is not None and careful and (frame.pts >= key_pts or not frame.is_corrupt):
                    return (0 if position < key else key), frame.pts
    except av.FFmpegError:
        pass
    finally:
        codec.flush_buffers()
    return min(key, len(part) - 1), key_pts


def _decode(codec: av.VideoCodecContext, packet: StampedPacket | None, damage_is_usual: bool) -> list[av.VideoFrame]:
    try:
        return codec.decode(packet)
    except av.FFmpegError:  # of packets before the first key frame: they lack even the headers
        if damage_is_usual:
            return []
        raise
