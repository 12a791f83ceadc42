"""A whole preparation of recordings without any video, stopped and gone on with."""

import csv

import numpy as np
import pytest
import soundfile

from mmavf.errors import ConfigError
from mmavf.preparation import run
from mmavf.preparation.run import Preparation
from mmavf.preparation.settings import PrepareSettings

from ..helpers.media import tone, write_wav
from ..helpers.raw_folder import contents
from .test_run import InlinePool

BY_PATH = dict(label_from='folder', subject_from='name')


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """Two usable recordings and a damaged one, prepared in this process."""
    monkeypatch.setattr(run, 'WorkerPool', InlinePool)
    for name, seconds in (('calm/anna_1.wav', 1.5), ('glad/ben_1.flac', 25.0)):
        (tmp_path / 'raw' / name).parent.mkdir(parents=True, exist_ok=True)
        write_wav(tmp_path / 'raw' / name, np.stack([tone(seconds, onset_sec=0.3, rate_hz=48000)] * 2, axis=1), 48000)
    (tmp_path / 'raw/glad/ben_2.wav').write_bytes(b'RIFF')
    return tmp_path / 'raw'


def settings(options, **others):
    return PrepareSettings(dataset='custom', options=options, **others)


def rows(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_recordings_become_a_list_and_mono_sound_of_16_khz(raw, tmp_path):
    out = tmp_path / 'out'
    summary = Preparation(settings(BY_PATH, pack='jpeg'), raw, out).run()
    listed = rows(out / 'lists/all.csv')
    assert [(row['video'], row['label'], row['subject']) for row in listed] == [
        ('', 'calm', 'anna'),
        ('', 'glad', 'ben'),
    ]
    assert 'fps' not in listed[0] and (out / 'classes.txt').read_text() == 'calm\nglad\n'
    for row, seconds in zip(listed, (1.5, 25.0), strict=True):
        samples, rate = soundfile.read(out / row['audio'])
        assert rate == 16000 and samples.shape == (seconds * 16000,)
        assert np.flatnonzero(np.abs(samples) > 0.05)[0] / rate == pytest.approx(0.3, abs=0.01)
    assert [row['file'] for row in rows(out / 'left_out.csv')] == ['glad/ben_2.wav']
    assert summary['counts']['clips'] == 2 and summary['counts']['hours'] == pytest.approx(26.5 / 3600, abs=1e-3)
    left = {path.name for path in out.iterdir()}
    assert not left & {'frames', 'clips', 'contact_sheet.png', '.work'}


def test_it_continues_where_it_was_stopped(raw, tmp_path):
    Preparation(settings(BY_PATH), raw, tmp_path / 'whole').run()
    out = tmp_path / 'out'
    Preparation(settings(BY_PATH), raw, out, limit=1).run()
    (first,) = (out / 'audio').iterdir()
    made = first.stat()
    Preparation(settings(BY_PATH), raw, out).run()
    assert first.stat() == made
    assert contents(out, but=('journal.jsonl',)) == contents(tmp_path / 'whole', but=('journal.jsonl',))


def test_without_labels_long_recordings_are_cut(raw, tmp_path):
    Preparation(settings({}), raw, tmp_path / 'out').run()
    listed = rows(tmp_path / 'out/lists/pretrain.csv')
    assert len(listed) == 4
    lengths = [soundfile.info(tmp_path / 'out' / row['audio']).frames for row in listed]
    assert lengths[0] == 24000 and abs(sum(lengths[1:]) - 25 * 16000) < 3 and max(lengths[1:]) - min(lengths[1:]) <= 1


@pytest.mark.parametrize(
    ('others', 'message'),
    [(dict(sound=False), 'no sound is to be written'), (dict(pack='shards'), 'shards need frames')],
)
def test_settings_that_leave_nothing_of_sound_are_refused(raw, tmp_path, others, message):
    with pytest.raises(ConfigError, match=message):
        Preparation(settings({}, **others), raw, tmp_path / 'out')
