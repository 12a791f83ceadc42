"""Recorded steps equal eager ones in a training with all that goes on around them.

Where there is no GPU, a traced program takes the place of the CUDA graph (`tests.helpers.recorded`).
"""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.model import MMDistributedDataParallel
from torch import nn

from mmavf.engine import GuardedOptimWrapper
from mmavf.engine.graphed_losses import GraphedLosses, record_on_gpu
from mmavf.engine.rng import drew_on_host, get_rng_state
from mmavf.errors import ConfigError
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.targets import PatchTarget
from tests.helpers.recorded import record_on_cpu
from tests.helpers.squares import ENCODER, RELATED, images, parts

STEPS, EVALUATED, SMALLER, NOT_FINITE = 20, 3, 7, 11
ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
DEVICES = [pytest.param('cpu', record_on_cpu, id='cpu'), pytest.param('cuda', record_on_gpu, id='gpu', marks=ON_GPU)]
RUNS = [
    pytest.param('cpu', record_on_cpu, 'float32', 1e-6, id='cpu'),
    pytest.param('cuda', record_on_gpu, 'float32', 1e-3, id='gpu-float32', marks=ON_GPU),
    pytest.param('cuda', record_on_gpu, 'bfloat16', 5e-2, id='gpu-bfloat16', marks=ON_GPU),
]


class Counting:
    """A way to record that counts repetitions."""

    def __init__(self, record):
        self.record, self.count = record, 0

    def __call__(self, run):
        repeat = self.record(run)

        def counted():
            self.count += 1
            return repeat()

        return counted


def train(device, dtype, record=None, distributed=False):
    """Train a small model of two modalities; return all figures of all steps, and its state at the end."""
    torch.manual_seed(0)
    shallow = dict.fromkeys('ab', dict(ENCODER, depth=1))
    model = MaskedAutoencoder(**parts('a', 'b', encoders=shallow, **RELATED)).to(device)
    model.encoders['a'].patch_embed.requires_grad_(False)
    if not distributed:
        model.unused = nn.Parameter(torch.ones(2, device=device))
    trained = MMDistributedDataParallel(model, broadcast_buffers=False) if distributed else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    wrapper = GuardedOptimWrapper(optimizer, dtype, accumulative_counts=2, clip_grad=dict(max_norm=0.5))
    average, runner = EMAHook(momentum=0.1), SimpleNamespace(model=trained, iter=0)
    average.before_run(runner)
    if record is not None:
        model.masked_losses = GraphedLosses(model, record)
    figures = []
    for step in range(STEPS):
        inputs = images('a', 'b', batch_size=3 if step == SMALLER else 4)
        inputs = {m: x.to(device) for m, x in inputs.items()}
        if step == EVALUATED:
            average.before_val_epoch(runner)
            with torch.no_grad():
                figures.append(model.eval()(inputs, mode='loss'))
            average.after_val_epoch(runner)
            model.train()
        if step == NOT_FINITE:
            inputs['a'][0] = torch.nan
        for group in optimizer.param_groups:
            group['lr'] = 1e-2 / (1 + step)
        figures.append(trained.train_step(dict(inputs=inputs, data_samples=None), wrapper))
        average.after_train_iter(runner, step)
    figures = {f'{name}, step {i}': value for i, step in enumerate(figures) for name, value in step.items()}
    assert wrapper.skipped == 1
    state = {**model.state_dict(), **average.ema_model.state_dict(), 'norm': wrapper.grad_norm}
    return {name: value.detach().float().cpu() for name, value in {**figures, **state}.items()}


@pytest.mark.parametrize('distributed', [False, True])
@pytest.mark.parametrize(('device', 'record', 'dtype', 'tolerance'), RUNS)
def test_20_recorded_steps_equal_20_eager_ones(process_group, device, record, dtype, tolerance, distributed):
    counting = Counting(record)
    recorded = train(device, dtype, counting, distributed)
    assert counting.count == STEPS - 1  # all but the smaller batch
    eager = train(device, dtype, None, distributed)
    torch.testing.assert_close(recorded, eager, rtol=tolerance, atol=tolerance / 10, equal_nan=True)
    losses = torch.stack([value for name, value in eager.items() if name.startswith('loss_a,')])
    assert losses[~losses.isnan()].std() > tolerance  # steps differ by more than is let pass


@pytest.mark.parametrize(('device', 'record'), DEVICES)
def test_dropped_paths_are_drawn_anew_as_in_eager_steps(device, record):
    model = MaskedAutoencoder(**parts('a', encoders=dict(a=dict(ENCODER, drop_path_rate=0.5)))).to(device)
    inputs = {'a': images('a')['a'].to(device)}
    masks = model.draw_masks(inputs)
    drawn = []
    for losses in (GraphedLosses(model, record), model.masked_losses):
        torch.manual_seed(1)
        drawn.append(torch.stack([losses(inputs, masks)['loss_a'].detach() for _ in range(6)]))
    torch.testing.assert_close(*drawn)
    assert len(drawn[0].unique()) > 1


@pytest.mark.parametrize(('device', 'record'), DEVICES)
def test_what_a_graph_would_freeze_is_refused(device, record):
    class Shaky(PatchTarget):
        def forward(self, x, ids):
            return super().forward(x, ids) * np.random.rand()

    model = MaskedAutoencoder(**parts('a', targets=dict(a=Shaky((2, 2))))).to(device)
    inputs = {'a': images('a')['a'].to(device)}
    with pytest.raises(ConfigError, match='random numbers on the host'):
        GraphedLosses(model, record)(inputs, model.draw_masks(inputs))


def test_a_term_that_is_no_loss_is_refused():
    class Telling(MaskedAutoencoder):
        def loss(self, inputs, output):
            return {**super().loss(inputs, output), 'error': torch.ones(())}

    model, inputs = Telling(**parts('a')), images('a')
    with pytest.raises(ConfigError, match='all losses'):
        GraphedLosses(model, record_on_cpu)(inputs, model.draw_masks(inputs))


@pytest.mark.parametrize(
    ('draw', 'on_gpu', 'found'),
    [
        (lambda: None, True, False),
        (random.random, False, True),
        (np.random.rand, False, True),
        (lambda: torch.rand(1), False, False),
        (lambda: torch.rand(1), True, True),
    ],
)
def test_draws_on_the_host_are_noticed(draw, on_gpu, found):
    before = get_rng_state()
    draw()
    assert drew_on_host(before, get_rng_state(), on_gpu) == found
