"""Heads: targets of all kinds, several views of a clip, predictions."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavf.errors import ConfigError, ListError
from mmavf.models.heads import ClassificationHead
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample
from tests.helpers.models import labelled


def _build(**cfg):
    torch.manual_seed(0)
    return MODELS.build(dict(in_channels=6, **cfg))


def _outputs(views=1, channels=3):
    return torch.randn(2 * views, channels, generator=torch.Generator().manual_seed(3))


def test_soft_targets_come_before_classes_and_may_stand_beside_them():
    head = _build(type='ClassificationHead', num_classes=3, loss=dict(type='SoftTargetCrossEntropy', label_smoothing=0))
    samples = labelled(2, 0)
    samples[1].gt_score = torch.tensor([0.5, 0.0, 0.5])
    outputs = _outputs()
    expected = F.cross_entropy(outputs, torch.tensor([[0.0, 0, 1], [0.5, 0, 0.5]]))
    torch.testing.assert_close(head.loss(outputs, samples), expected)


@pytest.mark.parametrize('label', [3, -1])
def test_a_class_that_the_head_does_not_have_is_an_error_that_names_the_clip(label):
    head = _build(type='ClassificationHead', num_classes=3)
    with pytest.raises(ConfigError, match=f'clip1 has class {label}, but the model has 3 classes'):
        head.loss(_outputs(), labelled(2, label))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(gt_score=torch.ones(7) / 7), 'clip1 has shares of 7 classes, not of 3: set model.head.num_classes, and'),
        (dict(gt_label=torch.tensor([0.1, 0.2])), 'clip1 has numbers for a label, and classes are needed'),
    ],
)
def test_labels_of_another_kind_are_an_error_that_names_the_clip(change, message):
    head, samples = _build(type='ClassificationHead', num_classes=3), labelled(2, 0)
    for name, value in change.items():
        setattr(samples[1], name, value)
    with pytest.raises(ConfigError, match=message):
        head.loss(_outputs(), samples)


@pytest.mark.parametrize('label', [torch.tensor(1), torch.tensor([0.5, 0.1, 0.2])])
def test_numbers_that_are_not_as_many_as_the_model_predicts_are_an_error(label):
    head = _build(type='RegressionHead', num_outputs=2)
    samples = labelled(torch.zeros(2), label)
    with pytest.raises(ConfigError, match='clip1 has a label of shape .* the model predicts 2 numbers'):
        head.loss(_outputs(channels=2), samples)


def test_every_view_has_its_clips_label():
    head = _build(type='ClassificationHead', num_classes=3)
    outputs = _outputs(views=4)
    expected = F.cross_entropy(outputs, torch.tensor([2, 2, 2, 2, 1, 1, 1, 1]), label_smoothing=0.1)
    torch.testing.assert_close(head.loss(outputs, labelled(2, 1)), expected)


def test_scores_are_the_mean_over_views_of_softmax():
    head, outputs = _build(type='ClassificationHead', num_classes=3), _outputs(views=2)
    samples = head.predict(outputs, labelled(0, 1))
    for i, sample in enumerate(samples):
        first, second = (np.exp(row) / np.exp(row).sum() for row in outputs[2 * i : 2 * i + 2].double().numpy())
        np.testing.assert_allclose(sample.pred_score.numpy(), (first + second) / 2, atol=1e-6)
        assert not np.allclose(sample.pred_score, outputs[2 * i : 2 * i + 2].mean(0).softmax(0), atol=1e-3)
        assert sample.pred_score.dtype == torch.float32


def test_regression_predicts_the_mean_over_views_and_learns_from_numbers():
    head, outputs = _build(type='RegressionHead', num_outputs=3), _outputs(views=2)
    targets = [[0.1, -2.0, 5.0], [1.0, 0.0, 0.5]]
    samples = labelled(*(torch.tensor(target) for target in targets))
    for i, sample in enumerate(head.predict(outputs.bfloat16(), samples)):
        expected = outputs[2 * i : 2 * i + 2].bfloat16().float().mean(0)
        torch.testing.assert_close(sample.pred_value, expected)
    expected = np.mean((outputs.numpy() - np.repeat(targets, 2, axis=0)) ** 2)
    assert head.loss(outputs, samples).item() == pytest.approx(expected, rel=1e-6)


def test_the_ccc_loss_is_a_choice():
    head = _build(type='RegressionHead', num_outputs=3, loss=dict(type='CCCLoss'))
    targets = _outputs()
    samples = labelled(*targets)
    assert head.loss(targets, samples).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ('head', 'label'),
    [
        (dict(type='ClassificationHead', num_classes=3), 2),
        (dict(type='RegressionHead', num_outputs=3), torch.zeros(3)),
    ],
)
def test_a_clip_without_a_label_is_an_error_that_names_it(head, label):
    samples = [labelled(label)[0], AVDataSample(metainfo=dict(sample_id='nameless'))]
    with pytest.raises(ListError, match='nameless has no label'):
        _build(**head).loss(_outputs(), samples)


def test_a_head_may_begin_small_and_drop_channels_in_training():
    torch.manual_seed(0)
    head = ClassificationHead(400, 20, dropout=0.25, init_scale=0.001)
    assert head.fc.weight.std().item() == pytest.approx(2e-5, rel=0.05) and not head.fc.bias.any()
    torch.nn.init.ones_(head.fc.weight)
    x = torch.randn(1, 400)
    feature, logits = head.eval()(x)
    torch.testing.assert_close(logits, head.fc(feature))
    feature, logits = head.train()(x)
    with torch.no_grad():
        head.fc.weight.copy_(torch.eye(20, 400))
    kept = head(x)[1] / feature[:, :20]
    assert kept.min() == 0
    torch.testing.assert_close(kept, torch.where(kept > 0, 4 / 3, 0.0))
