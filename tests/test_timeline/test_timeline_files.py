"""Timelines as JSON and CSV."""

import csv
import json
from dataclasses import replace

import pytest

from mmavf.errors import ResultError
from mmavf.timeline import Answer, ModelInfo, SourceInfo, Timeline, Track, Window, read_json, write_csv, write_json

SOURCE = SourceInfo('a, "b".mp4', True, True, 0.0, 4.0, 25.0, (320, 240))


def timeline(kind='classification', names=('calm', 'tense')):
    track = Track(1, 0.0, 4.0, (0.0, 0.16), ((100.0, 90.5, 60.0, 0.0), (101.0, 90.5, 60.0, 0.0)))
    windows = (Window(1, 0.0, 2.56, (0.25, 0.75)), Window(1, 1.28, 3.84, (1 / 3, 2 / 3), ('audio',)))
    model = ModelInfo('folder', kind, names, ('video', 'audio'), 'ab' * 32)
    return Timeline(SOURCE, model, dict(hop_sec=1.28), (track,), windows, (Answer(1, (0.3, 0.7)),), ('A note.',))


@pytest.mark.parametrize('kind', ['classification', 'regression'])
def test_json_keeps_everything(kind, tmp_path):
    write_json(timeline(kind), tmp_path / 'a.json')
    assert read_json(tmp_path / 'a.json') == timeline(kind)
    data = json.loads((tmp_path / 'a.json').read_text())
    assert data['schema'] == 'mmavf.timeline/1'
    assert data['windows'][1].get('label') == ('tense' if kind == 'classification' else None)


def test_settings_are_what_they_were(tmp_path):
    """A later run compares its own with them."""
    settings = dict(hop_sec=1 / 3, clip_fps=30000 / 1001, calibration=dict(temperature=1.2345678912, ece=[1 / 7]))
    write_json(replace(timeline(), settings=settings), tmp_path / 'a.json')
    assert json.loads((tmp_path / 'a.json').read_text())['settings'] == settings


def test_csv_has_a_row_per_window(tmp_path):
    write_csv(timeline(), tmp_path / 'a.csv')
    rows = list(csv.DictReader((tmp_path / 'a.csv').open()))
    assert rows[1] == dict(
        track='1',
        start_sec='1.280000',
        end_sec='3.840000',
        label='tense',
        missing='audio',
        calm=str(1 / 3),
        tense=str(2 / 3),
    )
    write_csv(timeline('regression', ('valence', 'arousal')), tmp_path / 'b.csv')
    assert (tmp_path / 'b.csv').read_text().splitlines()[0] == 'track,start_sec,end_sec,missing,valence,arousal'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'this is not JSON'),
        ('[]', 'not a timeline of schema mmavf.timeline/1, but of None'),
        ('{"schema": "mmavf.timeline/2"}', "but of 'mmavf.timeline/2'"),
        ('{"schema": "mmavf.timeline/1", "source": {}}', 'incomplete or damaged'),
    ],
)
def test_other_files_are_refused(text, message, tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(ResultError, match=message):
        read_json(path)
