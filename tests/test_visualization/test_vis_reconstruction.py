from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavf.models  # noqa: F401  (registers the model)
from mmavf.registry import MODELS
from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings
from tests.helpers.tools import run_main

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/demo/avfmae_tiny_pretrain.py'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A small synthetic set and the checkpoint of an untrained tiny model."""
    folder = tmp_path_factory.mktemp('reconstruction')
    build_synthetic_set(folder / 'data', SyntheticSettings(clips=24, subjects=4, seconds=(1.0, 1.2), size=64))
    init_default_scope('mmavf')
    model = MODELS.build(Config.fromfile(ROOT / CONFIG).model)
    torch.save({'state_dict': model.state_dict()}, folder / 'tiny.pth')
    return folder


@pytest.fixture
def run_tool(monkeypatch):
    """Run the tool in this process; return what it ends with (None: well)."""

    def run(*words):
        return run_main('visualizations/vis_reconstruction.py', CONFIG, *words, monkeypatch=monkeypatch)

    return run


def test_a_list_gives_a_row_per_clip_and_the_same_picture_again(folder, run_tool, capsys):
    source = ('--list', 'lists/val.csv', '--data-root', folder / 'data', '--number', 2)
    for out in ('first', 'second'):
        assert run_tool(folder / 'tiny.pth', *source, '--out', folder / out) is None
    one, two = (cv2.imread(str(folder / out / 'reconstruction.png')) for out in ('first', 'second'))
    assert (one == two).all()
    assert '2 clips' in capsys.readouterr().out


def test_clips_of_a_list_that_cannot_be_used_are_named_and_left_out(folder, run_tool, tmp_path, capsys):
    (tmp_path / 'text.mp4').write_text('not a video')
    video = next((folder / 'data/videos').iterdir())
    (tmp_path / 'list.csv').write_text(f'video\ntext.mp4\n{video}\n{video}\n')  # a clip may stand there twice
    source = ('--list', tmp_path / 'list.csv', '--data-root', tmp_path)
    assert run_tool(folder / 'tiny.pth', *source, '--out', tmp_path / 'out') is None
    told = capsys.readouterr().out
    assert 'cannot be used: ' in told and 'text.mp4' in told and '2 clips' in told
    (tmp_path / 'list.csv').write_text('video\ntext.mp4\n')
    message = run_tool(folder / 'tiny.pth', *source, '--out', tmp_path / 'none')
    assert message.startswith('ClipError: ') and 'none of the clips' in message


def test_a_video_file_of_another_size_is_enough(folder, run_tool):
    video = next((folder / 'data/videos').iterdir())
    assert run_tool(folder / 'tiny.pth', '--video', video, '--out', folder / 'video') is None
    assert (folder / 'video/reconstruction.png').is_file()


def test_a_checkpoint_of_another_size_is_one_clear_error(folder, run_tool):
    video = next((folder / 'data/videos').iterdir())
    options = ('--cfg-options', 'model.video_decoder.embed_dims=32', '--out', folder / 'none')
    assert run_tool(folder / 'tiny.pth', '--video', video, *options).startswith('CheckpointError: ')
    assert not (folder / 'none').exists()


def test_a_checkpoint_that_is_not_there_is_one_clear_error(folder, run_tool):
    video = next((folder / 'data/videos').iterdir())
    message = run_tool(folder / 'lost.pth', '--video', video, '--out', folder / 'none')
    assert message == f'CheckpointError: Checkpoint {folder / "lost.pth"} does not exist.'


def test_a_file_that_is_no_video_is_one_clear_error(folder, run_tool):
    notes = folder / 'notes.mp4'
    notes.write_text('not a video')
    message = run_tool(folder / 'tiny.pth', '--video', notes, '--out', folder / 'none')
    assert message.startswith('ClipError: ')
    assert 'notes.mp4' in message
