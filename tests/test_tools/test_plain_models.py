"""The plain writing of the models, which they are measured against, computes the same losses."""

import sys

import pytest
import torch

from mmavf.checkpoints.conversion import convert_state_dict
from mmavf.models.complexity import input_sizes
from mmavf.registry import MODELS
from tests.helpers.models import ROOT
from tests.test_projects import model_config, shrunk

METHODS = ('hicmae/configs/hicmae_b', 'svfap/configs/svfap_b', 'videomae/configs/videomae_v2_b')


@pytest.fixture(params=METHODS)
def pair(request, monkeypatch):
    """A small model, and the plain one of the same weights."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    monkeypatch.delitem(sys.modules, 'plain_models', raising=False)
    from plain_models import PlainModel

    cfg = shrunk(model_config(ROOT / f'projects/{request.param}_pretrain.py'))
    model, plain = MODELS.build(cfg), PlainModel(cfg)
    plain.load_state_dict(convert_state_dict(model.state_dict(), to_released=True), strict=True)
    return model, plain


def test_both_have_the_same_losses_and_gradients(pair):
    model, plain = pair
    inputs = {m: torch.randn(2, *size) for m, size in input_sizes(model).items()}
    masks = {}
    for m, drawn in model.masker(2, torch.device('cpu')).items():
        hidden = torch.ones(2, model.encoders[m].num_tokens, dtype=torch.bool)
        masks[m] = hidden.scatter(1, drawn.keep_ids, False), hidden.scatter(1, drawn.decode_ids, False)
    losses = model.loss(inputs, model(inputs, masks=masks))
    others = plain(inputs, masks)
    assert others.keys() == losses.keys()
    for name, loss in losses.items():
        assert others[name].item() == pytest.approx(loss.item(), rel=1e-5), name
    sum(losses.values()).backward()
    sum(others.values()).backward()
    ours = convert_state_dict({name: p.grad for name, p in model.named_parameters()}, to_released=True)
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(parameter.grad, ours[name], rtol=1e-3, atol=1e-6, msg=name)
