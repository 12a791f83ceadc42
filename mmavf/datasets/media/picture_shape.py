"""Size and aspect ratio of the frames of a clip."""

import av

from mmavf.errors import ClipError

from .limits import MAX_PICTURE_PIXELS

# Encoders round sizes to even numbers and declare pixels that are not quite square; the smallest ratio meant as such is
# the 16:15 of PAL.
SHAPE_TOLERANCE = 0.03
# Anamorphic film has 2:1; a ratio far beyond that is damage, and is ignored.
MAX_RATIO = 4.0


class PictureShape:
    """How the pictures of a stream are scaled: to its first size, and to square pixels.

    If pixels are not square, the picture is widened or narrowed and keeps its height. The ratio is the container's, or
    else the codec's, as in FFmpeg's players.

    Args:
        path: The file, for messages.
        stream: The stream.
        first: Its first packet in the file; None if there is none.

    Attributes:
        width: Width of the shown picture in pixels, before rotation.
        height: Its height.

    Raises:
        ClipError: The stream has no size, or is too large.
    """

    def __init__(self, path: str, stream: av.VideoStream, first: av.Packet | None) -> None:
        codec = stream.codec_context
        self._path = path
        self._stored = _first_size(codec, first)
        self._codec_ratio = codec.sample_aspect_ratio
        ratio = float(stream.sample_aspect_ratio or 1)
        meant = abs(ratio - 1) > SHAPE_TOLERANCE and 1 / MAX_RATIO <= ratio <= MAX_RATIO
        self._ratio = ratio if meant else 1.0
        self.width, self.height = max(round(self._stored[0] * self._ratio), 1), self._stored[1]
        if not 0 < max(self.width, self._stored[0]) * self.height <= MAX_PICTURE_PIXELS:
            raise ClipError(
                f'{path}: the video is {self.width} x {self.height} pixels, and at most {MAX_PICTURE_PIXELS} '
                'are supported: it is damaged, or must be scaled down'
            )

    def check_ratio(self, codec: av.VideoCodecContext) -> None:
        """Compare the current shape of pixels with that at the beginning.

        Raises:
            ClipError: It differs.
        """
        if self._codec_ratio and (codec.sample_aspect_ratio or self._codec_ratio) != self._codec_ratio:
            raise ClipError(f'{self._path}: the shape of the pixels changes inside the video: cut it into two files')

    def size_for(self, frame: av.VideoFrame) -> tuple[int, int] | None:
        """Return the width and height that a decoded picture is scaled to; None if it needs no scaling.

        Raises:
            ClipError: Its aspect ratio differs from that of the first.
        """
        stored = frame.width, frame.height
        if stored != self._stored:
            self._check_shape(*stored)
        target = self.width, self.height
        return None if stored == target else target

    def _check_shape(self, width: int, height: int) -> None:
        change = (width * self._ratio / height) / (self.width / self.height)
        if not 1 - SHAPE_TOLERANCE < change < 1 + SHAPE_TOLERANCE:
            raise ClipError(
                f'{self._path}: the picture changes its shape inside the video, from {self._stored[0]} x '
                f'{self._stored[1]} to {width} x {height} pixels: cut it into two files'
            )


def _first_size(codec: av.VideoCodecContext, first: av.Packet | None) -> tuple[int, int]:
    """Return the width and height of the first picture as it is stored.

    FFmpeg reads it from the stream, except for VP8, where it uses the container.
    """
    if codec.name == 'vp8' and first is not None:
        head = bytes(first)[:10]  # RFC 6386, 9.1
        if head[3:6] == b'\x9d\x01\x2a' and len(head) == 10:
            return int.from_bytes(head[6:8], 'little') & 0x3FFF, int.from_bytes(head[8:10], 'little') & 0x3FFF
    return codec.width, codec.height
