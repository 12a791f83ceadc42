"""Features of clips: means over views, labels if there are any, no clip lost."""

import numpy as np
import pytest
import torch
from torch import nn

from mmavf.apis import collect_features, save_features
from mmavf.errors import ConfigError
from mmavf.models.recognizers.avf_recognizer import RecognizerOutput
from mmavf.structures import AVDataSample


class EchoModel(nn.Module):
    """Gives back its video as features."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def data_preprocessor(self, data):
        return dict(data, inputs={name: x.flatten(0, 1) for name, x in data['inputs'].items()})

    def forward(self, inputs, data_samples, mode):
        assert mode == 'tensor'
        return RecognizerOutput(inputs['video'], inputs['video'])


def batch(values, labels, failed=()):
    """A batch of clips with the given views' features (B, V, D)."""
    samples = []
    for number, label in enumerate(labels):
        sample = AVDataSample(metainfo=dict(sample_id=f'clip {number}'))
        if label is not None:
            sample.gt_label = torch.tensor(label)
        samples.append(sample)
    failures = [AVDataSample(metainfo=dict(sample_id=name, error='empty file')) for name in failed]
    return dict(inputs=dict(video=values), data_samples=samples, failures=failures)


def test_features_are_the_means_over_views_and_keep_their_labels(tmp_path):
    values = torch.randn(3, 2, 5)
    nothing = dict(
        inputs=None, data_samples=[], failures=[AVDataSample(metainfo=dict(sample_id='z', error='no video'))]
    )
    found = collect_features(EchoModel(), [batch(values[:2], [4, 1], failed=['x']), nothing, batch(values[2:], [0])])
    np.testing.assert_allclose(found.features, values.mean(dim=1).numpy(), rtol=1e-6)
    assert found.labels.tolist() == [4, 1, 0]
    assert found.failures == [('x', 'empty file'), ('z', 'no video')]
    points = np.arange(6.0).reshape(3, 2)
    save_features(found, ['a', 'b'], tmp_path / 'f.npz', points)
    with np.load(tmp_path / 'f.npz', allow_pickle=False) as kept:
        assert kept['ids'].tolist() == ['clip 0', 'clip 1', 'clip 0']
        assert np.array_equal(kept['features'], found.features)
        assert np.array_equal(kept['labels'], [4, 1, 0])
        assert kept['names'].tolist() == ['a', 'b']
        assert np.array_equal(kept['points'], points)


def test_values_are_labels_of_a_regressor():
    found = collect_features(EchoModel(), [batch(torch.randn(2, 1, 5), [[0.5, 1.0], [0.0, -1.0]])])
    assert found.labels.tolist() == [[0.5, 1.0], [0.0, -1.0]]


def test_clips_without_labels_give_features_all_the_same(tmp_path):
    found = collect_features(EchoModel(), [batch(torch.randn(2, 1, 5), [None, None])])
    assert found.labels is None and found.features.shape == (2, 5)
    save_features(found, [], tmp_path / 'f.npz')
    with np.load(tmp_path / 'f.npz', allow_pickle=False) as kept:
        assert sorted(kept) == ['features', 'ids', 'names']


def test_labels_of_some_clips_alone_are_one_clear_error():
    with pytest.raises(ConfigError, match='clip 1 has no label, and other clips have one'):
        collect_features(EchoModel(), [batch(torch.randn(2, 1, 5), [1, None])])


def test_no_usable_clip_at_all_gives_the_failures():
    found = collect_features(
        EchoModel(), [dict(inputs=None, data_samples=[], failures=batch([], [], ['x'])['failures'])]
    )
    assert (found.ids, found.failures, found.labels) == ([], [('x', 'empty file')], None)


def test_a_clip_of_several_classes_counts_as_its_first():
    item = batch(torch.randn(1, 1, 5), [None])
    item['data_samples'][0].gt_score = torch.tensor([0.0, 0.5, 0.5])
    assert collect_features(EchoModel(), [item]).labels.tolist() == [1]


def test_a_feature_that_is_not_finite_is_a_failure():
    values = torch.randn(3, 2, 5)
    values[1, 0, 3] = float('nan')
    found = collect_features(EchoModel(), [batch(values, [4, 1, 0])])
    assert found.failures == [('clip 1', 'its feature is not finite')]
    assert (found.ids, found.labels.tolist()) == (['clip 0', 'clip 2'], [4, 0])
    np.testing.assert_allclose(found.features, values[[0, 2]].mean(dim=1).numpy(), rtol=1e-6)
