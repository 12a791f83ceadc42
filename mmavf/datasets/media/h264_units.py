"""The units that an H.264 packet consists of (ITU-T H.264, 7.3.1)."""

import re

SLICE, IDR, DELIMITER, FILLER = 1, 5, 9, 12  # of table 7-1
CONFIGURATION = b'\x01'  # begins the header of streams whose units stand behind their lengths


def unit_types(data: bytes, header: bytes) -> set[int]:
    """Return the types of the units of a packet.

    Args:
        data: The packet.
        header: The stream's header, `extradata`.
    """
    if not header.startswith(CONFIGURATION):  # units behind start codes
        return {unit[1][0] & 31 for unit in re.finditer(rb'\x00\x00\x01(.)', data, re.DOTALL)}
    types = set()
    place, length_bytes = 0, (header[4] & 3) + 1 if len(header) > 4 else 4
    while place + length_bytes < len(data):
        types.add(data[place + length_bytes] & 31)
        place += length_bytes + int.from_bytes(data[place : place + length_bytes], 'big')
    return types
