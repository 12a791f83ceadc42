"""The example's mask: counts, errors, and use in a model."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from projects.example_project.row_mask import RowMask

CONFIG = Path(__file__).parent / 'configs' / 'tiny_row_mask.py'


def test_whole_rows_are_hidden_in_all_slices():
    mask = RowMask((8, 10, 10), 0.9)
    drawn = mask(16, torch.device('cpu')).view(16, 8, 10, 10)
    assert (drawn == drawn[:, :1, :, :1]).all()
    assert (drawn.flatten(1).sum(1) == mask.num_masked).all()


def test_half_a_row_cannot_be_hidden():
    with pytest.raises(ConfigError, match='whole number'):
        RowMask((8, 10, 10), 0.85)


def test_the_config_swaps_it_in_and_the_model_learns_from_it():
    model = MODELS.build(Config.fromfile(str(CONFIG)).model)
    assert isinstance(model.masker.encoder_masks['video'], RowMask)
    inputs = dict(video=torch.randn(2, 3, 4, 96, 96), audio=torch.randn(2, 1, 256, 128))
    loss = sum(model(inputs, mode='loss').values())
    loss.backward()
    assert loss.isfinite() and model.encoders['video'].region_tokens.grad.abs().sum() > 0
