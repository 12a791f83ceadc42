"""Which models get a CUDA graph, and for how long."""

import logging
from types import SimpleNamespace

import pytest
import torch

from mmavf.engine import CUDAGraphHook
from mmavf.engine.graphed_losses import GraphedLosses
from mmavf.engine.hooks import cuda_graph_hook
from mmavf.errors import ConfigError
from mmavf.models.pretrainers import MaskedAutoencoder
from tests.helpers.models import build_recognizer
from tests.helpers.squares import ENCODER, RELATED, parts


def runner_of(model):
    return SimpleNamespace(model=model, bare_model=model, logger=logging.getLogger('test'))


def test_on_a_cpu_nothing_changes_and_the_log_says_so(caplog):
    runner = runner_of(MaskedAutoencoder(**parts('a')))
    with caplog.at_level(logging.WARNING):
        CUDAGraphHook().before_train(runner)
    assert 'there is no GPU' in caplog.text
    assert 'masked_losses' not in vars(runner.model)
    CUDAGraphHook().after_train(runner)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_graph_lives_as_long_as_the_training_on_a_gpu():
    runner, hook = runner_of(MaskedAutoencoder(**parts('a')).cuda()), CUDAGraphHook()
    hook.before_train(runner)
    assert isinstance(runner.model.masked_losses, GraphedLosses)
    hook.after_train(runner)
    assert 'masked_losses' not in vars(runner.model)


def test_models_that_cannot_be_recorded_are_refused():
    with pytest.raises(ConfigError, match='not for AVFMAERecognizer'):
        CUDAGraphHook().before_train(runner_of(build_recognizer()))
    recomputing = MaskedAutoencoder(**parts('a', encoders=dict(a=dict(ENCODER, with_cp=True))))
    with pytest.raises(ConfigError, match=r'encoders\.a with with_cp=True'):
        CUDAGraphHook().before_train(runner_of(recomputing))


def test_exchange_between_ranks_in_the_forward_pass_is_refused(monkeypatch):
    gathering = dict(RELATED, contrastive_loss=dict(type='HCMCLLoss', gather=True))
    runner = runner_of(MaskedAutoencoder(**parts('a', 'b', **gathering)))
    CUDAGraphHook().before_train(runner)  # alone there is nothing to exchange
    monkeypatch.setattr(cuda_graph_hook, 'get_world_size', lambda: 2)
    with pytest.raises(ConfigError, match='contrastive_loss exchanges'):
        CUDAGraphHook().before_train(runner)
