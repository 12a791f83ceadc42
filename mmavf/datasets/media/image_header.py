"""Size and completeness of images by their bytes, read before a decoder allocates memory for them.

Each `measure` takes the bytes of an image and returns its width and height in pixels. It raises CutError if the image
is incomplete, and DamagedError if the bytes contradict the format.
"""

import zlib
from collections.abc import Callable
from typing import Literal

PNG = b'\x89PNG\r\n\x1a\n'
PNG_EXTRA = 0x20  # of the first letter of a chunk that a reader may ignore
JPEG_NO_SIZE = (0xC4, 0xC8, 0xCC)  # of the markers C0 to CF those that begin no frame
JPEG_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
BMP_UNCOMPRESSED = (0, 3)


class CutError(Exception):
    """The bytes end before the image does."""


class DamagedError(Exception):
    """The bytes contradict the format."""


def find_format(head: bytes) -> tuple[str, Callable[[memoryview], tuple[int, int]]] | None:
    """Return the name of an image's format and its `measure`, by its first bytes; None if it is unknown."""
    if head.startswith(b'\xff\xd8'):
        return 'JPEG', _measure_jpeg
    if head.startswith(PNG):
        return 'PNG', _measure_png
    if head.startswith(b'BM'):
        return 'BMP', _measure_bmp
    if head.startswith(b'RIFF') and head[8:12] == b'WEBP':
        return 'WebP', _measure_webp
    if head.startswith((b'II*\0', b'MM\0*')):
        return 'TIFF', _measure_tiff
    if head.startswith((b'GIF87a', b'GIF89a')):
        return 'GIF', _measure_gif
    return None


def _number(data: memoryview, place: int, size: int, order: Literal['little', 'big']) -> int:
    if place + size > len(data):
        raise CutError
    return int.from_bytes(data[place : place + size], order)


def _measure_jpeg(view: memoryview) -> tuple[int, int]:
    """Step over the segments of a JPEG (ITU-T T.81, annex B) to its scan, and look for the end marker behind that."""
    data, place, size = bytes(view), 2, None
    while True:
        if data[place] != 0xFF:
            raise DamagedError('no marker where a segment ends')
        marker = data[place + 1]
        if marker == 0xFF or marker in JPEG_ALONE:  # 0xFF is padding
            place += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            raise DamagedError('it has no picture')
        if 0xC0 <= marker <= 0xCF and marker not in JPEG_NO_SIZE:
            size = data[place + 7] << 8 | data[place + 8], data[place + 5] << 8 | data[place + 6]
        place += 2 + (data[place + 2] << 8 | data[place + 3])
        if marker == 0xDA:
            break
    if size is None:
        raise DamagedError('its size is missing')
    # programs append data of their own after the end, so that it need not be near the last byte
    if data.rfind(b'\xff\xd9', place) < 0:
        raise CutError('marker')
    return size


def _measure_png(data: memoryview) -> tuple[int, int]:
    """Step over the chunks of a PNG (ISO/IEC 15948, 5.3) to its end and check their checksums."""
    place = len(PNG)
    while True:
        length = _number(data, place, 4, 'big')
        chunk = data[place + 4 : place + 8 + length]
        if zlib.crc32(chunk) != _number(data, place + 8 + length, 4, 'big') and not chunk[0] & PNG_EXTRA:
            raise DamagedError('the checksum of a chunk is wrong')
        if chunk[:4] == b'IEND':
            return _number(data, 16, 4, 'big'), _number(data, 20, 4, 'big')
        place += 12 + length


def _measure_bmp(data: memoryview) -> tuple[int, int]:
    begin, header = _number(data, 10, 4, 'little'), _number(data, 14, 4, 'little')
    if header < 40:  # OS/2
        return _number(data, 18, 2, 'little'), _number(data, 20, 2, 'little')
    width, height = (abs(int.from_bytes(data[i : i + 4], 'little', signed=True)) for i in (18, 22))
    bits, compression = _number(data, 28, 2, 'little'), _number(data, 30, 4, 'little')
    row_bytes = -(-width * bits // 32) * 4
    end = begin + row_bytes * height if compression in BMP_UNCOMPRESSED else begin + _number(data, 34, 4, 'little')
    if end > len(data):
        raise CutError
    return width, height


def _measure_webp(data: memoryview) -> tuple[int, int]:
    """Read the first chunk of a WebP (RFC 9649)."""
    if 8 + _number(data, 4, 4, 'little') > len(data):
        raise CutError
    kind = bytes(data[12:16])
    if kind == b'VP8X':
        return _number(data, 24, 3, 'little') + 1, _number(data, 27, 3, 'little') + 1
    if kind == b'VP8L':
        bits = _number(data, 21, 4, 'little')
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b'VP8 ':
        return _number(data, 26, 2, 'little') & 0x3FFF, _number(data, 28, 2, 'little') & 0x3FFF
    raise DamagedError('it has no picture')


def _measure_tiff(data: memoryview) -> tuple[int, int]:
    """Read the first directory of a TIFF (revision 6.0, section 2) and check that the strips it names are there."""
    order: Literal['little', 'big'] = 'little' if data[0] == ord('I') else 'big'
    place = _number(data, 4, 4, order)
    fields = {}
    for entry in range(place + 2, place + 2 + 12 * _number(data, place, 2, order), 12):
        fields[_number(data, entry, 2, order)] = entry
    if not {256, 257} <= set(fields):
        raise DamagedError('its size is missing')
    width, height = (_tiff_values(data, fields[tag], order)[0] for tag in (256, 257))
    offsets, lengths = ((273, 279), (324, 325))[324 in fields]  # of strips or tiles
    if {offsets, lengths} <= set(fields):
        spans = zip(*(_tiff_values(data, fields[tag], order) for tag in (offsets, lengths)), strict=True)
        if any(begin + length > len(data) for begin, length in spans):
            raise CutError
    return width, height


def _tiff_values(data: memoryview, entry: int, order: Literal['little', 'big']) -> list[int]:
    size = {3: 2, 4: 4}.get(_number(data, entry + 2, 2, order))
    count = _number(data, entry + 4, 4, order)
    if size is None or not 0 < count <= len(data):
        raise DamagedError('a field of its directory is invalid')
    place = entry + 8 if size * count <= 4 else _number(data, entry + 8, 4, order)
    return [_number(data, place + i * size, size, order) for i in range(count)]


def _measure_gif(data: memoryview) -> tuple[int, int]:
    if data[-1] != ord(';'):
        raise CutError
    return _number(data, 6, 2, 'little'), _number(data, 8, 2, 'little')
