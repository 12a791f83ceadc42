"""The iterative audio-visual correlation learning module (paper section 3.4).

Shapes: B batch, N video tokens, M audio tokens, F fused tokens (1 in pre-training, K in later stages), C channels.
"""

from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..encoders.base import XAVIER_INIT


@MODELS.register_module()
class IAVCLHead(BaseModule):
    """Units that exchange information between the modalities, refinement of the fused tokens, fusion of the units.

    The units run in sequence; after each, the one shared refinement layer updates the fused tokens. The HAFE
    layer then fuses all units' outputs and relates them to the fused tokens. Parts are built from nested
    configurations, to which `embed_dims`, `num_heads` and `mlp_ratio` (to the refinement layer: `embed_dims` and
    `num_units`) are passed unless they set them; refinement and HAFE layer may also be modules.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads of units and HAFE layer.
        num_units: Number of units.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path_rate: Stochastic depth of the last unit; it grows linearly from 0 at the first. The HAFE layer gets
            half of it.
        unit: Configuration of a unit, of which `num_units` are built.
        refinement: Refinement layer.
        hafe: HAFE layer.
        init_cfg: Initialisation; the default is the released one.

    Raises:
        ConfigError: There is no unit.
    """

    def __init__(
        self,
        embed_dims: int = 512,
        num_heads: int = 8,
        num_units: int = 2,
        mlp_ratio: float = 4.0,
        drop_path_rate: float = 0.0,
        unit: dict = dict(type='DiERUnit'),
        refinement: dict | nn.Module = dict(type='EvolutionaryRefinement'),
        hafe: dict | nn.Module = dict(type='HAFELayer'),
        init_cfg: dict | list | None = XAVIER_INIT,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_units < 1:
            raise ConfigError(
                f'correlation.num_units must be 1 or more, not {num_units}; for no module set correlation=None'
            )
        sizes = dict(embed_dims=embed_dims, num_heads=num_heads, mlp_ratio=mlp_ratio)
        rates = torch.linspace(0, drop_path_rate, num_units, device='cpu').tolist()
        self.units = nn.ModuleList(_built(unit, drop_path=rate, **sizes) for rate in rates)
        self.refinement = _built(refinement, embed_dims=embed_dims, num_units=num_units)
        self.hafe = _built(hafe, drop_path=drop_path_rate / 2, **sizes)

    def forward(self, video: Tensor, audio: Tensor, fused: Tensor) -> tuple[Tensor, Tensor]:
        """Correlate the two modalities.

        Args:
            video: Video tokens (B, N, C).
            audio: Audio tokens (B, M, C).
            fused: Initial fused tokens (B, F, 2C), video channels first.

        Returns:
            Video (B, N, C) and audio (B, M, C) tokens.
        """
        fused = self.refinement.reduce(fused)  # (B, F, 2C) -> (B, F, C)
        video_outputs, audio_outputs = [], []
        for i, unit in enumerate(self.units):
            video, audio = unit(video, audio)
            fused = self.refinement(fused, video, audio, unit=i)
            video_outputs.append(video)
            audio_outputs.append(audio)
        return self.hafe(video_outputs, audio_outputs, fused)


def _built(part: dict | nn.Module, **sizes: float) -> Any:
    return part if isinstance(part, nn.Module) else MODELS.build({**sizes, **part})
