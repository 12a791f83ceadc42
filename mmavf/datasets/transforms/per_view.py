"""Augmentation of each view on its own."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PerView(BaseTransform):
    """Apply image transforms to each view, so that each draws its own crop or flip.

    A transform that makes several crops of each frame (`mmaction.ThreeCrop`) makes each a view: then `num_clips`,
    `frame_inds` and `window_sec` grow with them, and `ReadAudio` has to come after. Transforms that write into images
    in place (`mmaction.Flip`, `mmaction.RandomErasing`) have to come after one that makes new images
    (`mmaction.Resize`), because repeated frames, and frames in two views, are one array.

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
        changed = []
        for first in range(0, len(imgs), len(imgs) // num_clips):
            view = {'imgs': imgs[first : first + len(imgs) // num_clips], 'img_shape': results['img_shape']}
            changed += self.transforms(view | {'modality': results['modality']})['imgs']
        sizes = {img.shape[:2] for img in changed}
        if len(sizes) > 1:
            raise ConfigError(
                f'PerView: the views have different sizes {sorted(sizes)}: make the last transform a resize to one size'
            )
        crops = len(changed) // len(imgs)
        if crops > 1:
            results['num_clips'] = num_clips * crops
            results.update({key: np.repeat(results[key], crops, axis=0) for key in ('frame_inds', 'window_sec')})
        results.update(imgs=changed, img_shape=sizes.pop())
        return results
