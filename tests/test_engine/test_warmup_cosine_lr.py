"""The learning-rate schedule against an array written down by the published recipe."""

import numpy as np
import pytest
import torch

from mmavf.registry import PARAM_SCHEDULERS


def recipe(base, final, epochs, warmup_epochs, iters):
    """One value per iteration."""
    warmup = np.linspace(0, base, warmup_epochs * iters)
    steps = np.arange(epochs * iters - len(warmup))
    return np.concatenate([warmup, final + (base - final) * (1 + np.cos(np.pi * steps / max(len(steps), 1))) / 2])


@pytest.mark.parametrize(('epochs', 'warmup'), [(10, 2), (3, 0), (2, 2), (2, 5)])
def test_equals_the_recipe(epochs, warmup):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    scheduler = PARAM_SCHEDULERS.build(
        dict(
            type='WarmupCosineLR',
            warmup=warmup,
            end=epochs,
            eta_min_ratio=0.01,
            by_epoch=True,
            convert_to_iter_based=True,
            optimizer=optimizer,
            epoch_length=7,
        )
    )
    rates = []
    for _ in range(epochs * 7):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(rates, recipe(0.5, 0.005, max(epochs, warmup), warmup, 7)[: epochs * 7], rtol=1e-12)
