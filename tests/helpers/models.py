"""Small models with the true structure, for tests."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import torch
from mmengine.config import Config

from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

ROOT = Path(__file__).parents[2]


@cache
def _released(name: str) -> Config:
    return Config.fromfile(str(ROOT / f'configs/_base_/models/{name}.py')).model


def pretrain_config(**overrides) -> Config:
    """Return the configuration of a small pre-training model; `overrides` replace its top-level entries."""
    model = deepcopy(_released('avfmae_b'))
    encoder = dict(embed_dims=32, num_heads=2, depth=2, out_indices=(0, 1))
    decoder = dict(embed_dims=16, num_heads=2, num_skips=2)
    for part in ('video', 'audio'):
        model[f'{part}_encoder'].update(encoder)
        model[f'{part}_decoder'].update(decoder)
    model.correlation.update(embed_dims=32, num_heads=2)
    for name, value in overrides.items():
        model[name] = {**model[name], **value} if isinstance(value, dict) else value
    return model


def build_pretrainer(**overrides):
    """Build the small pre-training model with seeded weights."""
    torch.manual_seed(0)
    return MODELS.build(deepcopy(pretrain_config(**overrides)))


def finetune_config(num_classes: int = 5, **overrides) -> Config:
    """Return the configuration of a small classifier; `overrides` replace its top-level entries."""
    model = deepcopy(_released('avfmae_b_finetune'))
    for part in ('video', 'audio'):
        model[f'{part}_encoder'].update(embed_dims=32, num_heads=2, depth=2)
    model.correlation.update(embed_dims=32, num_heads=2)
    model.head.num_classes = num_classes
    for name, value in overrides.items():
        model[name] = {**model[name], **value} if isinstance(value, dict) else value
    return model


def build_recognizer(num_classes: int = 5, **overrides):
    """Build the small classifier with seeded weights."""
    torch.manual_seed(0)
    return MODELS.build(deepcopy(finetune_config(num_classes, **overrides)))


def labelled(*labels, **fields) -> list[AVDataSample]:
    """Return data samples with these labels."""
    samples = [AVDataSample(metainfo=dict(sample_id=f'clip{i}'), **fields) for i in range(len(labels))]
    for sample, label in zip(samples, labels, strict=True):
        sample.gt_label = torch.as_tensor(label)
    return samples


def random_inputs(batch_size: int = 2) -> dict:
    """Return normalised random clips as the model takes them."""
    generator = torch.Generator().manual_seed(1)
    return dict(
        video=torch.randn(batch_size, 3, 16, 160, 160, generator=generator),
        audio=torch.randn(batch_size, 1, 256, 128, generator=generator),
    )


def forbid_waiting(monkeypatch) -> None:
    """Make everything fail that a GPU is waited for: tensors made of Python numbers, values read back."""
    for name in ('tensor', 'as_tensor', 'from_numpy'):
        monkeypatch.setattr(torch, name, _forbidden(name))
    for name in ('item', '__bool__', '__float__', '__int__', 'tolist', 'cpu', 'numpy', 'nonzero'):
        monkeypatch.setattr(torch.Tensor, name, _forbidden(name))


def _forbidden(name):
    def call(*args, **kwargs):
        raise AssertionError(f'{name} waits for the device')

    return call
