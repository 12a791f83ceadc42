"""The list that the command writes; and, where the recordings are, the model that it makes of real speech."""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from mmavf.apis import AVFInferencer, Recording
from mmavf.checkpoints.published import read_card
from projects.emodb_speech import make_model
from tests.helpers.media import tone

RECORDINGS = os.environ.get('MMAVF_EMODB', '')


def test_speakers_are_held_out_by_twos_and_letters_are_emotions(tmp_path):
    for name in ('03a01Fa.wav', '08b02Wc.flac', '16a05Td.wav', '16a05Td.txt', '99a01Fa.wav'):
        (tmp_path / name).touch()
    assert make_model.write_list(tmp_path, tmp_path / 'lists/all.csv') == 3
    rows = list(csv.DictReader((tmp_path / 'lists/all.csv').open()))
    assert [(row['audio'], row['label'], row['subject'], row['fold']) for row in rows] == [
        ('03a01Fa.wav', 'happiness', '03', '1'),
        ('08b02Wc.flac', 'anger', '08', '1'),
        ('16a05Td.wav', 'sadness', '16', '5'),
    ]
    assert sorted({make_model.fold_of(speaker) for speaker in make_model.SPEAKERS}) == [1, 2, 3, 4, 5]


def test_the_model_that_comes_along_is_small_and_answers():
    folder = Path(make_model.__file__).parent / 'emodb_small'
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2e6
    card = read_card(folder)
    assert card['licence'].startswith('CC0') and 'not there to judge people by' in card['origin']
    assert {test['metrics']['uar'] > 0.7 for test in card['metrics']} == {True}
    rng = np.random.default_rng(0)
    answers = [
        AVFInferencer(folder, device='cpu')(Recording.from_arrays(waveform=sound, rate_hz=16000)).answers[0]
        for sound in (rng.normal(0, 0.3, 32000).astype(np.float32), tone(2.0, 0.01))
    ]
    assert sorted(make_model.EMOTIONS.values()) == sorted(card['names'])
    assert all(sum(answer.scores) == pytest.approx(1, abs=1e-5) for answer in answers)
    assert np.abs(np.subtract(*(answer.scores for answer in answers))).max() > 0.1  # it listens


@pytest.mark.slow
@pytest.mark.skipif(not RECORDINGS, reason='MMAVF_EMODB must name the folder of the recordings of EMO-DB')
def test_the_model_of_real_speech_predicts_on_recordings_what_its_test_found(tmp_path, monkeypatch):
    out, work_dir = tmp_path / 'model', tmp_path / 'runs'
    monkeypatch.setattr(
        sys, 'argv', ['make_model.py', RECORDINGS, str(out), '--work-dir', str(work_dir), '--epochs', '6']
    )
    assert make_model.main() == 0
    (test,) = read_card(out)['metrics']
    assert test['metrics']['uar'] > 1.5 / 7  # chance is one seventh
    infer = AVFInferencer(out, device='cpu')
    with open(work_dir / 'folds/fold_1/test/predictions.csv', newline='') as file:
        rows = list(csv.DictReader(file))[::10]
    for row in rows:
        (answer,) = infer(Path(RECORDINGS, row['id'])).answers
        wanted = [float(row[name]) for name in infer.info.names]
        np.testing.assert_allclose(answer.scores, wanted, atol=1e-5)
