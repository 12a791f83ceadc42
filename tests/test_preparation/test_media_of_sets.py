"""Miniatures of sets with real media: what the files show and sound like is what the face clips do."""

import csv

import cv2
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile, SoundFile
from mmavf.preparation.run import Preparation
from mmavf.preparation.settings import PrepareSettings

from ..helpers.media import tone, write_media, write_wav
from ..helpers.raw_trees import TREES
from .test_raw_sets_micro import write_sheet


def grey(*levels: int) -> np.ndarray:
    """Return a frame of 48 x 96 a level."""
    return np.stack([np.full((48, 96, 3), level, np.uint8) for level in levels])


def prepare(name, raw, out):
    """Prepare a set without looking for faces; return the rows of its list by id."""
    Preparation(PrepareSettings(dataset=name, detector='none', size=48), raw, out).run(workers=1)
    with open(out / 'lists/all.csv', newline='') as file:
        return {row['id']: row for row in csv.DictReader(file)}


def levels(out, row) -> list[float]:
    """Return the mean grey level of each frame of a face clip."""
    video = MediaFile(str(out / row['video'])).video
    return [float(frame.mean()) for frame in video.read_frames(range(len(video.frame_times)))]


def test_ravdess_has_the_picture_of_one_file_and_the_sound_of_the_other(tmp_path):
    raw, name = tmp_path / 'raw', '01-06-01-01-01-11'
    TREES['ravdess'](raw)
    video = raw / f'Video_Speech_Actor_11/Actor_11/02-{name}.mp4'
    video.unlink()
    write_media(video, grey(*[120] * 30), tone(1.2, pitch_hz=200.0))  # a sound that must not be taken
    write_wav(raw / f'Audio_Speech_Actors_01-24/Actor_11/03-{name}.wav', tone(1.2, pitch_hz=1000.0))

    (row,) = prepare('ravdess', raw, tmp_path / 'out').values()
    assert (row['label'], row['fold']) == ('fearful', '3')
    assert np.allclose(levels(tmp_path / 'out', row), 120, atol=4)
    heard = SoundFile(str(tmp_path / 'out' / row['audio'])).read_audio(0.0, 1.0)
    assert np.abs(np.fft.rfft(heard)).argmax() == pytest.approx(1000, abs=5)  # one bin a hertz


def test_iemocap_shows_the_half_and_the_time_of_the_speaker(tmp_path):
    raw, dialog = tmp_path / 'raw', 'Ses01M_script01_1'
    TREES['iemocap'](raw)
    film = np.full((300, 48, 96, 3), 60, np.uint8)  # 12 s; on the left 60 and from second 10 on 90, on the right 180
    film[250:, :, :48] = 90
    film[:, :, 48:] = 180
    path = raw / f'Session1/dialog/avi/DivX/{dialog}.avi'
    path.unlink()
    write_media(path, film, tone(12.0), codecs=('mpeg4', 'libmp3lame'))

    listed = prepare('iemocap', raw, tmp_path / 'out')
    left, right = (listed[f'{dialog}_{turn}'] for turn in ('M000', 'F000'))  # the sixth letter is M
    assert np.allclose(levels(tmp_path / 'out', left), 90, atol=4)  # 10.01 to 11.39 s
    assert np.allclose(levels(tmp_path / 'out', right), 180, atol=4)
    lengths = [SoundFile(str(tmp_path / 'out' / row['audio'])).duration_sec for row in (left, right)]
    assert lengths == pytest.approx([11.3925 - 10.01, 8.2357 - 6.2901], abs=0.05)


def test_samm_shows_onset_to_offset(tmp_path):
    raw = tmp_path / 'raw'
    folder = raw / '006/006_1_2'
    folder.mkdir(parents=True)
    for number in range(1, 9):
        cv2.imwrite(str(folder / f'006_{number:05d}.jpg'), grey(20 * number)[0])
    header = ['Subject', 'Filename', 'Onset Frame', 'Apex Frame', 'Offset Frame', 'Estimated Emotion']
    write_sheet(raw / 'SAMM_Micro_FACS_Codes_v2.xlsx', [header, ['006', '006_1_2', 3, 4, 6, 'Anger']])

    (row,) = prepare('samm', raw, tmp_path / 'out').values()
    assert 'audio' not in row and row['label'] == 'anger'
    assert np.allclose(levels(tmp_path / 'out', row), [60, 80, 100, 120], atol=4)
