"""Images are judged by their bytes: what OpenCV reads whole is read, and nothing is filled up in silence."""

import contextlib
import struct
import zlib

import cv2
import numpy as np
import pytest

from mmavf.datasets.media import FrameFolder
from mmavf.datasets.media.image_bytes import decode_image
from mmavf.datasets.media.limits import MAX_PICTURE_PIXELS
from mmavf.errors import ClipError

PICTURE = cv2.resize(np.random.default_rng(0).integers(0, 255, (12, 15, 3), dtype=np.uint8), (60, 48))
FORMATS = ('jpg', 'png', 'bmp', 'webp', 'tif', 'gif')


def _encode(suffix: str, picture: np.ndarray = PICTURE, *options: int) -> bytes:
    return cv2.imencode(f'.{suffix}', picture[..., ::-1], options)[1].tobytes()


def _decode(data: bytes) -> np.ndarray:
    return decode_image(np.frombuffer(data, dtype=np.uint8), 'x/1.jpg')


@pytest.mark.parametrize('inside', FORMATS)
@pytest.mark.parametrize('name', ['1.jpg', '1.PNG', '1.bmp', '1.webp', '1.tiff'])
def test_the_suffix_does_not_matter(tmp_path, inside, name):
    (tmp_path / name).write_bytes(_encode(inside))
    (frame,) = FrameFolder(str(tmp_path), 25, None).read_frames([0])
    expected = cv2.imread(str(tmp_path / name), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(frame, expected)
    assert np.abs(frame.astype(int) - PICTURE).mean() < (40 if inside == 'gif' else 12)


@pytest.mark.parametrize('inside', FORMATS)
@pytest.mark.parametrize('kept', [0.03, 0.3, 0.6, 0.95])
def test_what_is_cut_off_is_refused(inside, kept):
    data = _encode(inside)
    with pytest.raises(ClipError, match=r'x/1\.jpg: .*(cut off|damaged|not a supported image)'):
        _decode(data[: int(len(data) * kept)])


@pytest.mark.parametrize('inside', FORMATS)
def test_what_stands_behind_the_end_does_not_matter(inside):
    data = _encode(inside)
    tail = b'; made by a program;' if inside == 'gif' else bytes(5000)
    np.testing.assert_array_equal(_decode(data + tail), _decode(data))


def test_the_end_marker_of_a_thumbnail_is_not_that_of_the_picture():
    thumbnail, data = _encode('jpg', PICTURE[:8, :8]), _encode('jpg')
    segment = b'\xff\xe1' + struct.pack('>H', len(thumbnail) + 2) + thumbnail
    whole = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(_decode(whole), _decode(data))
    with pytest.raises(ClipError, match='the JPEG has no end marker: the file is cut off'):
        _decode(whole[:-200])


@pytest.mark.parametrize('options', [(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)])
def test_jpegs_of_several_scans_and_with_restarts_are_whole(options):
    assert _decode(_encode('jpg', PICTURE, *options)).shape == PICTURE.shape


@pytest.mark.parametrize(
    'picture', [PICTURE[..., 0], np.dstack([PICTURE, PICTURE[..., :1]]), PICTURE.astype('u2') * 257]
)
@pytest.mark.parametrize('suffix', ['png', 'tif'])
def test_grey_clear_and_deep_images_are_read(picture, suffix):
    data = cv2.imencode(f'.{suffix}', picture)[1].tobytes()
    assert _decode(data).shape == PICTURE.shape and _decode(data).dtype == np.uint8


def _sized(inside: str, width: int, height: int) -> bytes:
    """Return an image whose header says another size than it has."""
    data = bytearray(_encode(inside, PICTURE, *((cv2.IMWRITE_WEBP_QUALITY, 80) if inside == 'webp' else ())))
    if inside == 'jpg':
        place = data.index(b'\xff\xc0')
        data[place + 5 : place + 9] = struct.pack('>HH', height, width)
    elif inside == 'png':
        data[16:24] = struct.pack('>II', width, height)
        data[29:33] = struct.pack('>I', zlib.crc32(data[12:29]))
    elif inside == 'bmp':
        data[18:26] = struct.pack('<ii', width, height)
        data[30:34] = struct.pack('<I', 1)  # run lengths: its size does not follow
    elif inside == 'gif':
        data[6:10] = struct.pack('<HH', width, height)
    elif inside == 'webp':
        place = data.index(b'\x9d\x01\x2a') + 3
        data[place : place + 4] = struct.pack('<HH', width & 0x3FFF, height & 0x3FFF)
    return bytes(data)


@pytest.mark.parametrize('inside', ['jpg', 'png', 'bmp', 'gif', 'webp'])
@pytest.mark.parametrize('size', [(60000, 60000), (9000, 9000), (0, 48)])
def test_sizes_that_cost_the_memory_are_refused_before_it_is_taken(inside, size, monkeypatch):
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: pytest.fail('asked OpenCV'))
    with pytest.raises(ClipError, match=f'pixels, and at most {MAX_PICTURE_PIXELS} are supported|damaged'):
        _decode(_sized(inside, *size))


def test_what_opencv_refuses_is_a_clip_error(monkeypatch):
    def refuse(*_):
        raise cv2.error('too large')

    monkeypatch.setattr(cv2, 'imdecode', refuse)
    with pytest.raises(ClipError, match='cannot be decoded by OpenCV'):
        _decode(_encode('png'))


def test_single_flipped_bits_are_an_image_or_a_clip_error():
    rng = np.random.default_rng(0)
    for inside in FORMATS:
        data = _encode(inside)
        for bit in [*rng.choice(480, 60, replace=False), *rng.choice(8 * len(data), 40)]:
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            with contextlib.suppress(ClipError):
                assert _decode(bytes(flipped)).dtype == np.uint8


def test_a_damaged_png_is_refused():
    data = bytearray(_encode('png'))
    data[len(data) // 2] ^= 0x10
    with pytest.raises(ClipError, match='the PNG is damaged'):
        _decode(bytes(data))


@pytest.mark.parametrize(('content', 'reason'), [
    (b'', 'it is empty'), (b'no image at all', 'does not begin like'),
    (b'version https://git-lfs.github.com/spec/v1\n', 'Git LFS'),
])  # fmt: skip
def test_what_is_no_image_is_told(content, reason):
    with pytest.raises(ClipError, match=reason):
        _decode(content)
