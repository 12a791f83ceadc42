"""Mixup and cutmix of the clips of a batch and their labels.

Shapes: B batch, V views, T frames, H rows, W columns, K classes.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from ..heads import class_scores


class Mix(NamedTuple):
    """Parameters of one mix.

    Attributes:
        own: Share of a clip's own label, in [0, 1]; the rest is its partner's.
        box: Rows and columns that come from the partner; None if whole frames are blended.
    """

    own: float
    box: tuple[slice, slice] | None


@MODELS.register_module()
class MixupCutmix:
    """Mix each clip with the clip at the same position in the reversed batch.

    Mixup (arXiv 1710.09412) blends whole frames, cutmix (arXiv 1905.04899) takes one box from the partner, the same in
    all frames and views; its label share is the box's share of the frame. One draw serves the whole batch. It is made
    on the host, from numpy's global generator, so that nothing waits for the device.

    The released recipe mixes frames and labels and leaves each clip its own sound. With `mix_audio` the log-mel is
    blended too, with the partner's share as in the label: also under cutmix, where a box has no counterpart in sound.

    Args:
        num_classes: Classes K, as many as the head has.
        mixup_alpha: Both parameters of the beta distribution that the blend of mixup is drawn from.
        cutmix_alpha: The same for the area of cutmix.
        prob: Probability that a batch is mixed; 0 switches it off.
        switch_prob: Probability of cutmix in a mixed batch; 0 is mixup alone, 1 cutmix alone.
        mix_audio: Whether sound is mixed. It must be for a model of sound alone, which always blends.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    def __init__(
        self,
        num_classes: int,
        mixup_alpha: float = 0.8,
        cutmix_alpha: float = 1.0,
        prob: float = 1.0,
        switch_prob: float = 0.5,
        mix_audio: bool = False,
    ) -> None:
        if min(mixup_alpha, cutmix_alpha) <= 0 or not 0 <= prob <= 1 or not 0 <= switch_prob <= 1:
            raise ConfigError('MixupCutmix: alphas must be positive, prob and switch_prob within [0, 1]')
        self.num_classes = num_classes
        self.mixup_alpha = mixup_alpha
        self.cutmix_alpha = cutmix_alpha
        self.prob = prob
        self.switch_prob = switch_prob
        self.mix_audio = mix_audio

    def __call__(
        self, inputs: dict[str, Tensor], data_samples: list[AVDataSample]
    ) -> tuple[dict[str, Tensor], list[AVDataSample]]:
        """Mix a batch, or leave it unchanged.

        Args:
            inputs: `video`, float (B, V, T, H, W, 3), changed in place, and `audio`, float (B, V, time, mel), or one
                of them.
            data_samples: The B clips' labels: `gt_score` (K,) if there is one, else `gt_label`.

        Returns:
            Inputs, and copies of the data samples with the mixed label as `gt_score`, float32 (K,).

        Raises:
            ConfigError: Labels are to be mixed, but there is no video, and sound is not mixed; or a label is not one of
                the K classes.
            ListError: A clip has no label.
        """
        if self.prob and 'video' not in inputs and not self.mix_audio:
            raise ConfigError(
                'MixupCutmix would mix only labels: the batch has no video. Set batch_augment.mix_audio=True, or '
                'model.data_preprocessor.batch_augment=None'
            )
        if np.random.rand() >= self.prob:
            return inputs, data_samples
        mix = self.draw(*inputs['video'].shape[3:5]) if 'video' in inputs else self.draw()
        return self._mix_inputs(inputs, mix), self._mix_labels(data_samples, mix.own)

    def draw(self, height: int = 0, width: int = 0) -> Mix:
        """Draw how a batch of frames of this size, or of sound alone, is mixed."""
        is_cutmix = np.random.rand() < self.switch_prob
        alpha = self.cutmix_alpha if is_cutmix else self.mixup_alpha
        own = float(np.random.beta(alpha, alpha))
        if not is_cutmix or not height:
            return Mix(own, None)
        rows, columns = (_interval(length, (1 - own) ** 0.5) for length in (height, width))
        area = (rows.stop - rows.start) * (columns.stop - columns.start)
        return Mix(1 - area / (height * width), (rows, columns))

    def _mix_inputs(self, inputs: dict[str, Tensor], mix: Mix) -> dict[str, Tensor]:
        mixed = dict(inputs)
        if 'video' in inputs:
            video = inputs['video']
            if mix.box is None:
                video.lerp_(video.flip(0), 1 - mix.own)
            else:
                box = video[..., mix.box[0], mix.box[1], :]
                box.copy_(box.flip(0))
        if 'audio' in inputs and self.mix_audio:
            mixed['audio'] = inputs['audio'].lerp(inputs['audio'].flip(0), 1 - mix.own)
        return mixed

    def _mix_labels(self, data_samples: list[AVDataSample], own: float) -> list[AVDataSample]:
        scores = torch.stack([class_scores(sample, self.num_classes) for sample in data_samples])  # (B, K)
        mixed = [sample.new() for sample in data_samples]
        for sample, score in zip(mixed, scores.lerp(scores.flip(0), 1 - own), strict=True):
            sample.gt_score = score
        return mixed


def _interval(length: int, share: float) -> slice:
    """Return an interval of this share of a length around a random centre, cut at the ends."""
    half = int(length * share) // 2
    centre = int(np.random.randint(length))
    return slice(max(centre - half, 0), min(centre + half, length))
