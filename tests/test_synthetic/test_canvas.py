"""Painting inside an outline changes what lies inside it, and nothing else."""

import cv2
import numpy as np
import pytest

from mmavf.synthetic.canvas import ellipse, fill, fill_inside

SIZE = 64


def painted_as_a_whole(image, outline):
    """Paint a ramp on the whole picture and take what is inside the outline."""
    mask = np.zeros(image.shape[:2], np.uint8)
    fill(mask, outline, 255)
    return cv2.copyTo(ramp(), mask, image.copy())


def ramp():
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.uint8)
    return np.stack([x, y, x + y], axis=2)


@pytest.mark.parametrize(
    ('center', 'radii'),
    [((30.3, 25.7), (11.2, 6.4)), ((3.0, 60.0), (9.0, 9.0)), ((32.0, 32.0), (80.0, 80.0)), ((150.0, 9.0), (9.0, 9.0))],
    ids=['inside', 'at a corner', 'all around', 'beside'],
)
def test_it_is_as_if_the_whole_picture_was_painted(center, radii):
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    outline, before = ellipse(center, radii), image.copy()

    def paint(part, corner):
        (left, top), (height, width) = corner, part.shape[:2]
        part[:] = ramp()[top : top + height, left : left + width]

    fill_inside(image, outline, paint)
    np.testing.assert_array_equal(image, painted_as_a_whole(before, outline))
    assert np.array_equal(image, before) == (center[0] > SIZE)
