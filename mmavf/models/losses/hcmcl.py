"""Hierarchical cross-modal contrastive loss.

Shapes: L layers, B batch, G batch over all ranks where it is gathered (else B), N and M tokens, C channels.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather

from mmavf.registry import MODELS


@MODELS.register_module()
class HCMCLLoss(nn.Module):
    """Symmetric InfoNCE between the mean video and audio tokens of several encoder layers, summed over the layers.

    Mean over tokens, L2 normalisation, no projection head (paper section 3.2, after HiCMAE).

    Args:
        temperature: Softmax temperature.
        loss_weight: Factor λ.
        gather: Take negatives from all ranks; the released programs take those of the own rank only.
    """

    def __init__(self, temperature: float = 0.07, loss_weight: float = 0.0025, gather: bool = False) -> None:
        super().__init__()
        self.temperature = temperature
        self.loss_weight = loss_weight
        self.gather = gather

    def forward(self, video: Sequence[Tensor], audio: Sequence[Tensor]) -> Tensor:
        """Return the weighted loss of layers of video (B, N, C) and audio (B, M, C) tokens, a scalar."""
        pairs = list(zip(video, audio, strict=True))
        with _full_precision(video[0].device.type):
            # all layers at once: each takes many small operations, and their tensors have the same shapes
            scores = self._scores(torch.stack([_means(*pair) for pair in pairs]))  # (L, 2, B, G)
        return self.loss_weight * len(pairs) * self._mean_loss(scores)

    def logits(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of one layer: video to audio and audio to video, each (B, G), float32."""
        with _full_precision(video.device.type):
            of_video, of_audio = self._scores(_means(video, audio))
        return of_video, of_audio

    def layer_loss(self, logits: tuple[Tensor, Tensor]) -> Tensor:
        """Return the unweighted loss of one layer's scores."""
        return self._mean_loss(torch.stack(logits))

    def _scores(self, means: Tensor) -> Tensor:
        """Score mean tokens (..., 2, B, C), video first, against those of the other modality: (..., 2, B, G)."""
        directions = F.normalize(means, dim=-1)
        # candidates first, so that their gradients are contiguous: gloo sums strided ones of `all_gather` wrongly
        return (self._candidates(directions).flip(-3) @ directions.mT).mT / self.temperature

    def _mean_loss(self, scores: Tensor) -> Tensor:
        """Return the cross-entropy of scores (..., B, G), whose right answer is the own clip."""
        batch = scores.shape[-2]
        first = get_rank() * batch if self.gather else 0
        labels = torch.arange(first, first + batch, device=scores.device).expand(scores.shape[:-1])
        return F.cross_entropy(scores.flatten(0, -2), labels.flatten())

    def _candidates(self, features: Tensor) -> Tensor:
        if self.gather and get_world_size() > 1:
            rows = features.movedim(-2, 0)  # (..., B, C) -> (B, ..., C)
            gathered = torch.cat(all_gather(rows.flatten(1)))  # a contiguous row for each clip
            return gathered.unflatten(1, rows.shape[1:]).movedim(0, -2)
        return features


def _means(video: Tensor, audio: Tensor) -> Tensor:
    """Return the mean tokens (2, B, C), float32, of video (B, N, C) and audio (B, M, C)."""
    return torch.stack((video.float().mean(dim=1), audio.float().mean(dim=1)))


def _full_precision(device: str) -> AbstractContextManager:
    """Switch autocast off; the meta device, on which steps are checked without values, does not know it."""
    # named, as torch.compile cannot ask torch.amp.is_autocast_available
    return nullcontext() if device == 'meta' else torch.autocast(device, enabled=False)
