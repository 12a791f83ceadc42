"""The example's encoder: it does not see hidden patches; its use in a model."""

from pathlib import Path

import torch
from mmengine.config import Config

from mmavf.registry import MODELS
from projects.example_project.mean_mix_encoder import MeanMixEncoder

CONFIG = Path(__file__).parent / 'configs' / 'tiny_mean_mix.py'


def test_only_visible_patches_are_seen():
    encoder = MeanMixEncoder(8, 2, (4, 4), (2, 2), 1, out_indices=(0,))
    clip = torch.randn(1, 1, 4, 4)
    other = clip.clone()
    other[..., 2:, 2:] += 1  # the last of four patches
    keep = torch.tensor([[0, 2]])
    assert torch.equal(encoder(clip, keep).tokens, encoder(other, keep).tokens)
    assert not torch.equal(encoder(clip).tokens, encoder(other).tokens)
    assert len(encoder(clip, keep).hidden) == 1 and encoder(clip).tokens.shape == (1, 4, 8)


def test_the_config_swaps_it_in_and_the_model_learns_from_it():
    model = MODELS.build(Config.fromfile(str(CONFIG)).model)
    assert isinstance(model.encoders['video'], MeanMixEncoder)
    inputs = dict(video=torch.randn(2, 3, 4, 96, 96), audio=torch.randn(2, 1, 256, 128))
    loss = sum(model(inputs, mode='loss').values())
    loss.backward()
    assert loss.isfinite() and model.encoders['video'].blocks[0].mlp[0].weight.grad.abs().sum() > 0
