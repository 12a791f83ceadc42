"""Which buffers a distributed model broadcasts."""

from pathlib import Path

import torch
from mmengine.config import Config

from mmavf.engine.constant_buffers import constant_buffers
from mmavf.engine.runner import AVFRunner
from mmavf.registry import MODELS
from tests.helpers.models import build_recognizer

ROOT = Path(__file__).parents[2]


def test_a_wrapped_model_broadcasts_what_checkpoints_hold(process_group, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setenv('LOCAL_RANK', '0')
    model = build_recognizer()
    runner = AVFRunner.__new__(AVFRunner)
    runner._distributed, runner._launcher, runner.cfg = True, 'pytorch', Config()
    wrapped = runner.wrap_model(dict(type='MMDistributedDataParallel', broadcast_buffers=True), model)
    broadcast = {id(buffer) for buffer in wrapped.modules_buffers}
    saved = model.state_dict(keep_vars=True)
    for name, buffer in model.named_buffers():
        assert (id(buffer) in broadcast) == (name in saved), name
    assert any(name.endswith('running_mean') for name, _ in model.named_buffers())


def test_constant_tables_are_most_of_what_a_large_model_would_send():
    cfg = Config.fromfile(ROOT / 'configs/avfmae_h_pretrain.py').model
    with torch.device('meta'):
        model = MODELS.build(cfg)
    constant = set(constant_buffers(model))
    sizes = dict.fromkeys((True, False), 0)
    for name, buffer in model.named_buffers():
        sizes[name in constant] += buffer.numel() * buffer.element_size()
    assert sizes[True] > 5e6 and sizes[False] < 20e3, sizes
