from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from mmengine.logging import MMLogger
from sklearn.metrics import silhouette_score
from torch import nn

from mmavf.errors import ConfigError
from mmavf.models.recognizers.avf_recognizer import RecognizerOutput
from mmavf.structures import AVDataSample
from mmavf.visualization import collect_features, draw_classes, draw_values, save_features, tsne
from mmavf.visualization.palette import COLOURS, MARKS, class_look


def crowds(clips=60, dims=24, classes=3):
    """Features in well separated crowds, and the crowd of each."""
    rng = np.random.default_rng(0)
    labels = np.arange(clips) % classes
    return 8 * rng.normal(size=(classes, dims))[labels] + rng.normal(size=(clips, dims)), labels


def test_crowds_in_the_features_are_crowds_in_the_plane_and_the_same_again():
    features, labels = crowds()
    points = tsne(features, perplexity=10)
    assert points.shape == (60, 2)
    assert silhouette_score(points, labels) > 0.7
    assert np.array_equal(points, tsne(features, perplexity=10))


@pytest.fixture
def logged(monkeypatch):
    """What is logged at level INFO."""
    lines = []
    monkeypatch.setattr(MMLogger, 'get_current_instance', lambda: SimpleNamespace(info=lines.append))
    return lines


def test_few_clips_lower_the_perplexity_and_say_so(logged):
    features, _ = crowds(clips=7)
    assert np.isfinite(tsne(features)).all()
    assert logged == ['t-SNE of 7 clips: perplexity lowered from 30 to 2']


def test_as_many_clips_as_the_perplexity_needs_are_silent(logged):
    features, _ = crowds(clips=31)
    tsne(features, perplexity=10)
    assert logged == []


@pytest.mark.parametrize(
    ('features', 'message'),
    [
        (np.random.default_rng(0).normal(size=(3, 8)), 'at least 4 clips, there are 3'),
        (np.ones((9, 8)), 'the same features'),
    ],
)
def test_features_that_give_no_picture_are_one_clear_error(features, message):
    with pytest.raises(ConfigError, match=message):
        tsne(features)


def test_the_smallest_set_gives_a_picture():
    assert np.isfinite(tsne(np.random.default_rng(0).normal(size=(4, 8)))).all()


def test_no_two_classes_look_alike():
    looks = [class_look(index) for index in range(len(COLOURS) * len(MARKS))]
    assert len(set(looks)) == len(looks) == 80
    assert {look.mark for look in looks[:10]} == {'o'}


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are saved, in order."""
    figures, save = [], Figure.savefig

    def keep(self, *args, **kwargs):
        figures.append(self)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Figure, 'savefig', keep)
    return figures


def test_legend_names_the_classes_that_occur_with_their_counts(tmp_path, drawn):
    labels = np.array([0, 0, 2, 2, 2, 11])
    points = np.random.default_rng(0).normal(size=(6, 2))
    classes = ['cost $1 & $2', 'absent', '<fear>', *map(str, range(3, 11)), 'twelfth']
    draw_classes(points, labels, classes, tmp_path / 'a.png', 'run_1, 50 $')
    (legend,) = drawn[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ['cost $1 & $2 (2)', '<fear> (3)', 'twelfth (1)']
    dots = drawn[0].axes[0].collections
    for index, part in zip((0, 2, 11), dots, strict=True):
        assert np.array_equal(part.get_offsets(), points[labels == index])
    assert cv2.imread(str(tmp_path / 'a.png')).std() > 0


def test_values_colour_a_panel_per_dimension(tmp_path, drawn):
    points, values = np.random.default_rng(0).normal(size=(6, 2)), np.random.default_rng(1).normal(size=(6, 2))
    draw_values(points, values, ['arousal', 'valence'], tmp_path / 'b.png')
    panels = drawn[0].axes[:2]
    assert [panel.get_title() for panel in panels] == ['arousal', 'valence']
    for panel, column in zip(panels, values.T, strict=True):
        assert np.array_equal(panel.collections[0].get_array(), column)


class EchoModel(nn.Module):
    """Gives back its video as features."""

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


def test_a_clip_without_label_is_one_clear_error():
    with pytest.raises(ConfigError, match='clip 1 has no label'):
        collect_features(EchoModel(), [batch(torch.randn(2, 1, 5), [1, None])])


def test_no_usable_clip_at_all_gives_the_failures():
    found = collect_features(
        EchoModel(), [dict(inputs=None, data_samples=[], failures=batch([], [], ['x'])['failures'])]
    )
    assert (found.ids, found.failures, len(found.labels)) == ([], [('x', 'empty file')], 0)


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
