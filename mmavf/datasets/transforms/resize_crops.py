"""Resizing and cropping of frames for evaluation."""

from typing import Literal

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS

from .per_view import PerView

ENLARGED = 8 / 7  # as usual for crops: 256 to 224


@TRANSFORMS.register_module()
class ResizeCrops(PerView):
    """Resize the frames of each view to a square and take one or three crops, each of which becomes a view.

    Frames are squashed, not cropped to a square, as a face may fill them. With three crops they are squashed to 8/7 of
    the size, and crops of the size are taken at the left, the right and the middle, at half height. Two windows of a
    clip thus make six views, whose scores the model averages. ReadAudio has to come after.

    Required and changed keys: see PerView.

    Args:
        size: Height and width of the result in pixels.
        num_crops: 1 or 3.

    Raises:
        ConfigError: Another number of crops.
    """

    def __init__(self, size: int, num_crops: Literal[1, 3] = 1) -> None:
        if num_crops not in (1, 3):
            raise ConfigError(f'ResizeCrops: num_crops must be 1 or 3, not {num_crops}')
        large = size if num_crops == 1 else round(size * ENLARGED)
        steps = [dict(type='mmaction.Resize', scale=(large, large), keep_ratio=False)]
        if num_crops == 3:
            steps.append(dict(type='mmaction.CenterCrop', crop_size=(large, size)))  # width, height
            steps.append(dict(type='mmaction.ThreeCrop', crop_size=size))
        super().__init__(steps)
