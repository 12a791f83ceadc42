"""Packing of a clip for the model."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmavf.registry import TRANSFORMS
from mmavf.structures import AVDataSample


@TRANSFORMS.register_module()
class PackAVInputs(BaseTransform):
    """Pack frames, log-mel and annotations; either of frames and log-mel may be missing.

    Required keys: the meta keys, `num_clips` (V); optional: `imgs` (list of V * T arrays (H, W, 3), uint8), `audio`
    ((V, M, F) float32), `gt_label` (class index, or list of numbers), `gt_score` (one number per class), the optional
    meta keys.

    The result is `dict(inputs=dict(video, audio), data_samples)`: `video` (V, T, H, W, 3) uint8 RGB, `audio` as given,
    `data_samples` an AVDataSample with the meta keys and, if the clip has them, `gt_label` and `gt_score`.

    Args:
        meta_keys: Keys that become meta information of the data sample.
        optional_meta_keys: The same, if the clip has them.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = ('sample_id', 'index', 'video_path', 'frame_inds', 'window_sec'),
        optional_meta_keys: tuple[str, ...] = ('audio_path', 'subject', 'fold', 'group', 'source', 'missing_audio'),
    ) -> None:
        self.meta_keys = meta_keys
        self.optional_meta_keys = optional_meta_keys

    def transform(self, results: dict) -> dict:
        """Pack `results`."""
        inputs = {}
        if 'imgs' in results:
            frames = torch.from_numpy(np.stack(results['imgs']))  # (V * T, H, W, 3)
            inputs['video'] = frames.unflatten(0, (results['num_clips'], -1))  # (V, T, H, W, 3)
        if 'audio' in results:
            inputs['audio'] = results['audio']
        present = [key for key in self.optional_meta_keys if key in results]
        data_sample = AVDataSample(metainfo={key: results[key] for key in (*self.meta_keys, *present)})
        if 'gt_label' in results:
            data_sample.gt_label = torch.tensor(results['gt_label'])
        if 'gt_score' in results:
            data_sample.gt_score = torch.tensor(results['gt_score'], dtype=torch.float32)
        return {'inputs': inputs, 'data_samples': data_sample}
