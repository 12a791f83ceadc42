"""The one size that all frames of a clip have, in the shape in which they are meant to be seen."""

import av

from mmavf.errors import ClipError

from .limits import MAX_PICTURE_PIXELS

# Encoders round sizes to even numbers and say so by pixels that are not quite square; the least that is meant is the
# 16:15 of PAL.
SHAPE_TOLERANCE = 0.03
# Anamorphic film has 2:1; what lies far beyond is damage, and is not believed.
MAX_RATIO = 4.0


class PictureShape:
    """How the pictures of a stream are scaled: to its first size, and to square pixels.

    Where pixels are not square the picture is widened or narrowed, and keeps its height. The ratio is the container's,
    or else the codec's, as for FFmpeg's players.

    Args:
        path: The file, for messages.
        stream: The stream.
        first: Its first packet in the file; None where there is none.

    Attributes:
        width: Of the shown picture in pixels, before it is rotated.
        height: The same.

    Raises:
        ClipError: The stream names no size, or one that is too large.
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
                f'{path}: the video is {self.width} x {self.height} pixels, and 1 to {MAX_PICTURE_PIXELS} pixels are '
                f'read: it is damaged, or scale it down'
            )

    def check_ratio(self, codec: av.VideoCodecContext) -> None:
        """Compare the shape of pixels that the decoder has come to with that at the beginning.

        Raises:
            ClipError: It is another.
        """
        if self._codec_ratio and (codec.sample_aspect_ratio or self._codec_ratio) != self._codec_ratio:
            raise ClipError(f'{self._path}: the shape of the pixels changes inside the video: cut it into two files')

    def size_for(self, frame: av.VideoFrame) -> tuple[int, int] | None:
        """Return the width and height that a decoded picture is scaled to; None where it is as it is meant to be.

        Raises:
            ClipError: It has another shape than the first.
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

    FFmpeg looks at it itself, except for VP8, where it takes what the container says.
    """
    if codec.name == 'vp8' and first is not None:
        head = bytes(first)[:10]  # RFC 6386, 9.1
        if head[3:6] == b'\x9d\x01\x2a' and len(head) == 10:
            return int.from_bytes(head[6:8], 'little') & 0x3FFF, int.from_bytes(head[8:10], 'little') & 0x3FFF
    return codec.width, codec.height
