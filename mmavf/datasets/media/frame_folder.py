"""Frames from a folder of images."""

import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from mmavf.errors import ClipError
from mmavf.lists.natural_order import in_natural_order

from .codec import TIME_TOLERANCE_SEC
from .image_bytes import decode_image
from .regular_file import require_regular_file
from .windows import gather_frames

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


def is_image(name: str) -> bool:
    """Return whether a file is an image by its name; hidden files are not (archives add `._1.jpg` beside `1.jpg`)."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')


def number_in(name: str) -> int | None:
    """Return the frame number in the name of an image: the last number in it; None if there is none."""
    numbers = re.findall('[0-9]+', os.path.splitext(name)[0])
    return int(numbers[-1]) if numbers else None


class FrameFolder:
    """A folder whose images, in the order of their names, are the frames of one clip; a `FrameReader`.

    Names are in natural order: `2.jpg` comes before `10.jpg`.

    Args:
        path: The folder.
        fps: Frames per second; frame i is at i / fps. Without it the frames are spread evenly over `duration_sec`.
        duration_sec: Length of the clip's sound; None is enough with `fps`.
        start_sec: Frames before this time are left out.
        end_sec: Frames at or after this time are left out; None means to the end.
        first_number: Images with a smaller number (see `number_in`) are ignored; None means no limit.
        last_number: Images with a larger number are ignored; None means no limit.

    Attributes:
        frame_times: (N,) float64, the time of each frame in seconds, N > 0.

    Raises:
        ClipError: The folder cannot be listed or has no image in this span.
    """

    def __init__(
        self,
        path: str,
        fps: float | None,
        duration_sec: float | None,
        start_sec: float = 0.0,
        end_sec: float | None = None,
        first_number: int | None = None,
        last_number: int | None = None,
    ) -> None:
        self.path = path
        names = [name for name in self._list_names() if is_image(name)]
        if not names:
            raise ClipError(f'{path}: the folder has no images ({", ".join(IMAGE_SUFFIXES)})')
        if first_number is not None or last_number is not None:
            names = [name for name in names if _is_between(name, first_number, last_number)]
            if not names:
                raise ClipError(f'{path}: no image has a number from {first_number} to {last_number}')
        times = np.arange(len(names)) * (1 / fps if fps else (duration_sec or 0.0) / len(names))
        span = np.array([start_sec, float('inf') if end_sec is None else end_sec])
        first, last = np.searchsorted(times, span - TIME_TOLERANCE_SEC)
        if first >= last:
            until = 'the end' if end_sec is None else f'{end_sec:g} s'
            raise ClipError(f'{path}: no image between {start_sec:g} s and {until}')
        self._names = in_natural_order(names)[first:last]
        self.frame_times = times[first:last]

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read frames by index; a frame asked for twice is decoded once.

        Returns:
            One (H, W, 3) uint8 RGB array per index.

        Raises:
            ClipError: An image is missing, damaged, cut off, too large, or differs in size from the first; or all
                together are too large.
        """
        return gather_frames(indices, self.iter_frames, self.path)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Read frames one after the other; only one is in memory.

        Yields:
            One (H, W, 3) uint8 RGB array per index.

        Raises:
            ClipError: An image is missing, damaged, cut off, too large, or differs in size from the first.
        """
        shape = None
        for index in indices:
            name = self._names[index]
            frame = decode_image(self._read_bytes(name), os.path.join(self.path, name))
            shape = shape or frame.shape
            if frame.shape != shape:
                raise ClipError(
                    f'{self.path}: the images differ in size: {name} has {frame.shape[:2]}, '
                    f'{self._names[indices[0]]} {shape[:2]} (height, width)'
                )
            yield frame

    def _list_names(self) -> list[str]:
        try:
            return os.listdir(self.path)
        except OSError as error:
            raise ClipError(f'{self.path}: the folder cannot be listed ({error.strerror})') from error

    def _read_bytes(self, name: str) -> np.ndarray:
        path = os.path.join(self.path, name)
        require_regular_file(path)
        try:
            return np.fromfile(path, dtype=np.uint8)
        except OSError as error:
            raise ClipError(f'{path}: the image cannot be read ({error.strerror})') from error


def _is_between(name: str, first: int | None, last: int | None) -> bool:
    number = number_in(name)
    return number is not None and (first is None or first <= number) and (last is None or number <= last)
