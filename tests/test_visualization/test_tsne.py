from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from sklearn.metrics import silhouette_score

import mmavf.models  # noqa: F401  (registers the model)
from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings
from mmavf.visualization import draw_classes, draw_embedding, draw_values, tsne
from mmavf.visualization.palette import COLOURS, MARKS, class_look
from tests.helpers.tools import run_main

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/demo/avfmae_tiny_finetune.py'


def crowds(clips=60, dims=24, classes=3):
    """Features in well separated crowds, and the crowd of each."""
    rng = np.random.default_rng(0)
    labels = np.arange(clips) % classes
    return 8 * rng.normal(size=(classes, dims))[labels] + rng.normal(size=(clips, dims)), labels


def test_crowds_in_the_features_are_crowds_in_the_plane():
    features, labels = crowds()
    points = tsne(features, perplexity=10)
    assert points.shape == (60, 2)
    assert silhouette_score(points, labels) > 0.7


def test_the_same_features_give_the_same_map_whatever_was_drawn_before():
    noise = np.random.default_rng(0).normal(size=(60, 300))
    first = tsne(noise, perplexity=10)
    np.random.seed(7)
    assert np.array_equal(tsne(noise, perplexity=10), first)


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


def test_points_without_labels_are_all_alike(tmp_path, drawn):
    points = np.random.default_rng(0).normal(size=(6, 2))
    draw_embedding(points, None, [], tmp_path / 'c.png', 'no labels')
    (dots,) = drawn[0].axes[0].collections
    assert np.array_equal(dots.get_offsets(), points) and len(dots.get_facecolors()) == 1
    assert not drawn[0].legends


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A small synthetic set of four subjects, one per fold, and the checkpoint of an untrained tiny recognizer."""
    folder = tmp_path_factory.mktemp('tsne')
    build_synthetic_set(folder / 'data', SyntheticSettings(clips=24, subjects=4, seconds=(1.0, 1.2), size=64))
    init_default_scope('mmavf')
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(ROOT / CONFIG).model)
    torch.save({'state_dict': model.state_dict()}, folder / 'tiny.pth')
    return folder


@pytest.fixture
def run_tool(monkeypatch, folder):
    """Run the tool in this process; return what it ends with (None: well)."""

    def run(*words, options=()):
        data = f'test_dataloader.dataset.data_root={folder / "data"}'
        options = ('--cfg-options', data, 'test_dataloader.num_workers=0', *options)
        return run_main('visualizations/vis_tsne.py', CONFIG, *words, *options, monkeypatch=monkeypatch)

    return run


def test_tool_draws_the_fold_of_the_test_set_and_keeps_its_features(folder, run_tool):
    assert run_tool(folder / 'tiny.pth', '--fold', '2') is None
    assert cv2.imread(str(folder / 'tsne.png')).std() > 0
    with np.load(folder / 'tsne.npz') as kept:
        names, labels = kept['names'], kept['labels']
        assert kept['ids'].tolist() == [f's02_{name}_01' for name in names[labels]]
        assert kept['features'].shape == (6, 160)


def test_tool_draws_the_fold_that_the_checkpoint_left_out(folder, run_tool):
    weights = torch.load(folder / 'tiny.pth', weights_only=True)
    (folder / 'run').mkdir()
    record = dict(target=None, fold='3', selection='strict', corpora=[str((folder / 'data').resolve())])
    torch.save(dict(weights, meta=dict(protocol=record)), folder / 'run/tiny.pth')
    assert run_tool(folder / 'run/tiny.pth') is None
    with np.load(folder / 'run/tsne.npz') as kept:
        assert {name[:3] for name in kept['ids'].tolist()} == {'s03'}
    assert run_tool(folder / 'run/tiny.pth', '--fold', '1', '--out', folder / 'run/one.png') is None
    with np.load(folder / 'run/one.npz') as kept:
        assert {name[:3] for name in kept['ids'].tolist()} == {'s01'}


def test_tool_takes_a_list_and_ends_with_all_unusable_clips(folder, run_tool):
    rows = (folder / 'data/lists/all.csv').read_text().splitlines()
    for name in ('a', 'b'):
        (folder / f'data/{name}.mp4').write_text('not a video')
    bad = ['a.mp4,,anger,s09,9,bad_a', 'b.mp4,,anger,s09,9,bad_b']
    (folder / 'own.csv').write_text('\n'.join([*rows[:5], *bad, *rows[5:]]))
    words = (folder / 'tiny.pth', '--list', folder / 'own.csv', '--data-root', folder / 'data', '--out')
    message = run_tool(*words, folder / 'own/map.png')
    assert message.startswith('ClipError: 2 of 26 clips have no feature')
    assert 'bad_a: ' in message and 'bad_b: ' in message
    assert not (folder / 'own/map.png').exists()
    with np.load(folder / 'own/map.partial.npz') as kept:
        assert len(kept['ids']) == 24
    (folder / 'own.csv').write_text('\n'.join(rows))
    assert run_tool(*words, folder / 'own/map.png') is None
    assert not (folder / 'own/map.partial.npz').exists()


def test_tool_takes_a_list_without_labels(folder, run_tool):
    rows = [row.split(',') for row in (folder / 'data/lists/all.csv').read_text().splitlines()]
    (folder / 'plain.csv').write_text('\n'.join(row[0] for row in rows[:7]))
    words = ('--list', folder / 'plain.csv', '--data-root', folder / 'data', '--out', folder / 'plain/map.png')
    assert run_tool(folder / 'tiny.pth', *words) is None
    assert cv2.imread(str(folder / 'plain/map.png')).std() > 0
    with np.load(folder / 'plain/map.npz') as kept:
        assert kept['features'].shape == (6, 160) and 'labels' not in kept


def test_tool_ends_with_one_clear_error(folder, run_tool):
    assert 'ListError: ' in run_tool(folder / 'tiny.pth')  # no fold is given
    assert run_tool(folder / 'lost.pth', '--fold', '1').startswith('CheckpointError: ')
    other = ('model.head.num_classes=9',)
    assert 'does not fit the model' in run_tool(folder / 'tiny.pth', '--fold', '1', options=other)
    few = ('test_dataloader.dataset.indices=3',)
    assert 'at least 4 clips, there are 3' in run_tool(folder / 'tiny.pth', '--fold', '1', options=few)
    assert run_tool(folder / 'tiny.pth', '--fold', '1', options=('modle.x=1',)).startswith('ConfigError: ')
