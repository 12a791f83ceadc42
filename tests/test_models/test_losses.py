"""Losses of the labelled stages against torch's own forms and slow obvious ones."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavf.errors import ConfigError
from mmavf.models.losses import CCCLoss, RegressionMSELoss, SoftTargetCrossEntropy


def _scores(seed=0, batch=6, classes=4):
    return torch.randn(batch, classes, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
def test_one_hot_targets_give_torchs_cross_entropy_of_classes(smoothing):
    logits, labels = _scores(), torch.tensor([0, 3, 2, 1, 1, 0])
    loss = SoftTargetCrossEntropy(label_smoothing=smoothing)(logits, F.one_hot(labels, 4).float())
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels, label_smoothing=smoothing))


def test_soft_targets_smoothing_and_weights_against_loops():
    logits, target = _scores(), _scores(1).softmax(-1)
    weights, smoothing = [0.5, 2.0, 1.0, 0.7], 0.2
    expected = 0.0
    for row, wanted in zip(logits.double().numpy(), target.double().numpy(), strict=True):
        log_prob = row - np.log(np.exp(row).sum())
        for k in range(4):
            expected -= weights[k] * ((1 - smoothing) * wanted[k] + smoothing / 4) * log_prob[k] / len(logits)
    loss = SoftTargetCrossEntropy(smoothing, weights)(logits, target)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_weights_that_are_not_as_many_as_the_classes_are_an_error():
    loss = SoftTargetCrossEntropy(class_weight=[1.0, 2.0])
    with pytest.raises(ConfigError, match='2 weights for 3 classes'):
        loss(torch.zeros(4, 3), torch.full((4, 3), 1 / 3))


def test_losses_are_computed_in_float32():
    logits, target = _scores(), _scores(1).softmax(-1)
    for loss in (SoftTargetCrossEntropy(), RegressionMSELoss(), CCCLoss()):
        value = loss(logits.bfloat16(), target)
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, loss(logits.bfloat16().float(), target))


def test_ccc_loss_against_numpy():
    pred, target = _scores(2, 9, 3), _scores(3, 9, 3)
    pred.requires_grad_()
    x, y = pred.detach().double().numpy(), target.double().numpy()
    values = []
    for k in range(3):
        covariance = np.cov(x[:, k], y[:, k], bias=True)
        shift = (x[:, k].mean() - y[:, k].mean()) ** 2
        values.append(2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + shift))
    loss = CCCLoss()(pred, target)
    assert loss.item() == pytest.approx(1 - np.mean(values), abs=1e-6)
    loss.backward()
    assert pred.grad.abs().min() > 0
    assert CCCLoss()(target, target).item() == pytest.approx(0, abs=1e-6)
    assert CCCLoss()(-target, target - 2 * target.mean(0)).item() == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize(('smoothing', 'weights'), [(0.0, None), (0.1, None), (0.2, [0.5, 1.0, 3.0])])
def test_the_loss_of_a_constant_answer_is_the_least_that_one_answer_for_all_has(smoothing, weights):
    labels = torch.tensor([0] * 7 + [1] * 2 + [2])
    loss = SoftTargetCrossEntropy(smoothing, weights)
    target = F.one_hot(labels, 3).float()
    logits = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], lr=0.5, max_iter=200)

    def closure():
        optimizer.zero_grad()
        value = loss(logits.expand(10, 3), target)
        value.backward()
        return value

    optimizer.step(closure)
    assert loss.of_constant(target.mean(dim=0)) == pytest.approx(closure().item(), abs=1e-5)


def test_the_loss_of_a_constant_answer_for_equal_classes_is_the_logarithm_of_their_number():
    assert SoftTargetCrossEntropy(0.1).of_constant(torch.full((7,), 1 / 7)) == pytest.approx(math.log(7))
    assert SoftTargetCrossEntropy(0.0).of_constant(torch.tensor([1.0, 0.0])) == 0


@pytest.mark.parametrize('batch', [1, 5])
def test_ccc_loss_of_constants_is_finite_with_its_gradient(batch):
    pred = torch.full((batch, 2), 0.3, requires_grad=True)
    loss = CCCLoss()(pred, torch.full((batch, 2), 0.3))
    loss.backward()
    assert loss.item() == 1 and pred.grad.isfinite().all()


def test_mse_is_the_mean_over_clips_and_numbers():
    pred, target = _scores(), _scores(1)
    assert RegressionMSELoss()(pred, target).item() == pytest.approx(np.mean((pred - target).numpy() ** 2), rel=1e-6)
