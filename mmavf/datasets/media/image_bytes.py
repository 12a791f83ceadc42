"""Decoding of images by their bytes: names may be wrong, and OpenCV fills missing data with grey.

Size and end of an image are checked before OpenCV allocates memory for it.
"""

import cv2
import numpy as np

from mmavf.errors import ClipError
from mmavf.files.git_lfs import IS_POINTER, POINTER_START

from .image_header import CutError, DamagedError, find_format
from .limits import MAX_PICTURE_PIXELS


def decode_image(data: np.ndarray, path: str) -> np.ndarray:
    """Decode a JPEG, PNG, BMP, WebP, TIFF or GIF (its first picture).

    Args:
        data: (N,) uint8, the bytes of the file.
        path: The file, for messages.

    Returns:
        (H, W, 3) uint8 RGB, turned upright as EXIF says.

    Raises:
        ClipError: It has another format, or is too large, cut off or damaged.
    """
    content = data.data
    known = find_format(bytes(content[:32]))
    if known is None:
        raise ClipError(f'{path}: not a supported image: {_why_not(bytes(content[: len(POINTER_START)]))}')
    kind, measure = known
    try:
        width, height = measure(content)
    except (CutError, IndexError) as error:
        raise ClipError(f'{path}: the {kind} has no end{_detail(error)}: the file is cut off') from error
    except (DamagedError, ValueError) as error:
        raise ClipError(f'{path}: the {kind} is damaged ({error})') from error
    if not 0 < width * height <= MAX_PICTURE_PIXELS:
        raise ClipError(
            f'{path}: the {kind} is {width} x {height} pixels, and at most {MAX_PICTURE_PIXELS} are supported: '
            'it is damaged, or must be scaled down'
        )
    try:
        frame = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise ClipError(f'{path}: the {kind} cannot be decoded by OpenCV ({error.err})') from error
    if frame is None:
        raise ClipError(f'{path}: the {kind} cannot be decoded by OpenCV')
    return frame


def _detail(error: Exception) -> str:
    return f' {error}' if isinstance(error, CutError) and str(error) else ''


def _why_not(head: bytes) -> str:
    if not head:
        return 'it is empty'
    if head == POINTER_START:
        return IS_POINTER
    return 'it does not begin like JPEG, PNG, BMP, WebP, TIFF or GIF'
