"""Augmentation of each view by itself."""

from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PerView(BaseTransform):
    """Apply image transforms to each view, so that each draws its own crop or flip.

    Required and changed keys: `imgs` (list of V * T arrays (H, W, 3)), `img_shape`; required: `num_clips` (V),
    `modality`.

    Args:
        transforms: Configs of transforms that work on `imgs` and `img_shape`, such as `mmaction.MultiScaleCrop`.

    Raises:
        ConfigError: The views come out in different sizes.
    """

    def __init__(self, transforms: list[dict]) -> None:
        self.transforms = Compose(transforms)

    def transform(self, results: dict) -> dict:
        """Transform the views of `results`."""
        imgs, num_clips = results['imgs'], results['num_clips']
        views = []
        for first in range(0, len(imgs), len(imgs) // num_clips):
            view = {'imgs': imgs[first : first + len(imgs) // num_clips], 'img_shape': results['img_shape']}
            views.append(self.transforms(view | {'modality': results['modality']}))
        sizes = {img.shape[:2] for view in views for img in view['imgs']}
        if len(sizes) > 1:
            raise ConfigError(f'PerView: the views have different sizes {sorted(sizes)}: end with a resize to one size')
        results.update(imgs=[img for view in views for img in view['imgs']], img_shape=sizes.pop())
        return results
