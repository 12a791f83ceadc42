"""Packing of a clip for the model."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmavf.registry import TRANSFORMS
from mmavf.structures import AVDataSample


@TRANSFORMS.register_module()
class PackAVInputs(BaseTransform):
    """Pack frames, log-mel and annotations.

    Required keys: `imgs` (list of V * T arrays (H, W, 3), uint8), `audio` ((V, M, F) float32), `num_clips` (V), the
    meta keys; optional: `gt_label`.

    The result is `dict(inputs=dict(video, audio), data_samples)`: `video` (V, T, H, W, 3) uint8 RGB, `audio` as given,
    `data_samples` an AVDataSample with the meta keys and, where the clip has a label, `gt_label`.

    Args:
        meta_keys: Keys that become meta information of the data sample.
    """

    def __init__(
        self, meta_keys: tuple[str, ...] = ('sample_id', 'index', 'video_path', 'frame_inds', 'window_sec')
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        """Pack `results`."""
        frames = np.stack(results['imgs'])  # (V * T, H, W, 3)
        video = torch.from_numpy(frames).unflatten(0, (results['num_clips'], -1))  # (V, T, H, W, 3)
        data_sample = AVDataSample(metainfo={key: results[key] for key in self.meta_keys})
        if 'gt_label' in results:
            data_sample.gt_label = torch.tensor(results['gt_label'])
        return {'inputs': {'video': video, 'audio': results['audio']}, 'data_samples': data_sample}
