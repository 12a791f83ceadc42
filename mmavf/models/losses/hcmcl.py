"""Hierarchical cross-modal contrastive loss.

Shapes: B batch, G batch over all ranks where it is gathered (else B), N and M tokens, C channels.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

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
        pairs = zip(video, audio, strict=True)
        return cast(Tensor, self.loss_weight * sum(self.layer_loss(self.logits(v, a)) for v, a in pairs))

    def logits(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of one layer: video to audio and audio to video, each (B, G), float32."""
        with _full_precision(video.device.type):
            video = F.normalize(video.float().mean(dim=1), dim=-1)  # (B, C)
            audio = F.normalize(audio.float().mean(dim=1), dim=-1)
            all_video, all_audio = self._candidates(video), self._candidates(audio)
            return video @ all_audio.T / self.temperature, audio @ all_video.T / self.temperature

    def layer_loss(self, logits: tuple[Tensor, Tensor]) -> Tensor:
        """Return the unweighted loss of one layer's scores."""
        batch = logits[0].shape[0]
        first = get_rank() * batch if self.gather else 0
        labels = torch.arange(first, first + batch, device=logits[0].device)
        return cast(Tensor, sum(F.cross_entropy(scores, labels) for scores in logits) / 2)

    def _candidates(self, features: Tensor) -> Tensor:
        if self.gather and get_world_size() > 1:
            return torch.cat(all_gather(features))
        return features


def _full_precision(device: str) -> AbstractContextManager:
    """Switch autocast off; the meta device, on which steps are checked without values, does not know it."""
    # named, as torch.compile cannot ask torch.amp.is_autocast_available
    return nullcontext() if device == 'meta' else torch.autocast(device, enabled=False)
