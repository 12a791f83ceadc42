import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmavf.errors import ConfigError, ListError
from mmavf.synthetic.builder import _write_lists, build_synthetic_set, perform_entry, plan_clips
from mmavf.synthetic.emotions import CLASSES, EMOTIONS
from mmavf.synthetic.face import FacePainter
from mmavf.synthetic.settings import SyntheticSettings
from mmavf.synthetic.subjects import make_subject
from mmavf.synthetic.timeline import perform
from mmavf.synthetic.voice import SAMPLE_RATE_HZ, speak
from tests.helpers.models import ROOT

SMALL = SyntheticSettings(clips=24, subjects=4, seed=3, seconds=(1.0, 1.4), size=64)


@pytest.fixture(scope='module')
def small_set(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('synthetic') / 'set'
    assert build_synthetic_set(out, SMALL) == 24
    return out


def read_list(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def decode(path):
    with av.open(str(path)) as container:
        codecs = {stream.type: stream.codec_context.name for stream in container.streams}
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return codecs, np.stack(frames), sound


# What is written


def test_lists_are_balanced_and_folds_part_subjects(small_set):
    rows = read_list(small_set / 'lists/all.csv')
    assert tuple(rows[0]) == ('video', 'audio', 'label', 'subject', 'fold', 'id')
    assert Counter((row['subject'], row['label']) for row in rows) == {
        (f's{subject:02d}', label): 1 for subject in range(1, 5) for label in CLASSES
    }
    assert len({row['id'] for row in rows}) == 24
    assert len({(row['subject'], row['fold']) for row in rows}) == 4
    train, val = (read_list(small_set / f'lists/{name}.csv') for name in ('train', 'val'))
    assert sorted(row['id'] for row in train + val) == sorted(row['id'] for row in rows)
    assert not {row['subject'] for row in train} & {row['subject'] for row in val}
    pretrain = read_list(small_set / 'lists/pretrain.csv')
    assert [row['id'] for row in pretrain] == [row['id'] for row in rows]
    assert {row['label'] for row in pretrain} == {''}
    assert (small_set / 'classes.txt').read_text().split() == sorted(EMOTIONS)
    assert all((small_set / row['video']).is_file() for row in rows)
    assert not list(small_set.rglob('*.unfinished'))


def test_files_are_h264_and_aac_of_the_planned_length(small_set):
    for entry in plan_clips(SMALL)[:6]:
        performance = perform_entry(SMALL, entry)
        codecs, frames, sound = decode(small_set / f'videos/{entry.id}.mp4')
        assert codecs == {'video': 'h264', 'audio': 'aac'}
        assert frames.shape == (performance.frames, 64, 64, 3)
        assert 1.0 <= performance.frames / SMALL.fps <= 1.4
        # AAC comes in blocks of 1024 samples; newer FFmpegs write down where the last one ends
        assert 0 <= len(sound) - round(performance.length_sec * SAMPLE_RATE_HZ) < 1024


def test_content_depends_on_the_settings_alone(small_set, tmp_path):
    build_synthetic_set(tmp_path / 'again', SMALL, workers=2)
    for path in sorted(small_set.rglob('*')):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / 'again' / path.relative_to(small_set)).read_bytes(), path.name


def test_another_seed_gives_other_clips(small_set):
    other = SyntheticSettings(clips=24, subjects=4, seed=4, seconds=(1.0, 1.4), size=64)
    assert make_subject(3, 0) != make_subject(4, 0)
    assert perform_entry(other, plan_clips(other)[0]).syllables != perform_entry(SMALL, plan_clips(SMALL)[0]).syllables


def test_a_hundred_subjects_and_more_are_told_apart(tmp_path):
    _write_lists(tmp_path, plan_clips(SyntheticSettings(clips=720, subjects=120)))
    rows = read_list(tmp_path / 'all.csv')
    clips = Counter(row['subject'] for row in rows)
    assert len(clips) == 120 and set(clips.values()) == {6}
    assert all(row['id'].split('_')[0] == row['subject'] for row in rows)


def test_a_subject_does_not_depend_on_how_many_there_are():
    more = SyntheticSettings(clips=48, subjects=8, seed=3, seconds=(1.0, 1.4), size=64)
    assert perform_entry(more, plan_clips(more)[7]).subject == perform_entry(SMALL, plan_clips(SMALL)[7]).subject


# What happens to a folder that exists


@pytest.fixture
def built(small_set, tmp_path) -> Path:
    return shutil.copytree(small_set, tmp_path / 'set')


def test_unfinished_set_is_finished_and_the_rest_is_kept(built):
    lost, kept = sorted((built / 'videos').iterdir())[:2]
    content, stamp = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    assert build_synthetic_set(built, SMALL) == 1
    assert lost.read_bytes() == content
    assert kept.stat().st_mtime_ns == stamp


def test_other_settings_need_overwrite(built):
    other = SyntheticSettings(clips=30, subjects=5, seed=3, seconds=(1.0, 1.0), size=48, fps=5)
    with pytest.raises(ListError, match='other settings'):
        build_synthetic_set(built, other)
    assert build_synthetic_set(built, other, overwrite=True) == 30
    assert len(list((built / 'videos').iterdir())) == 30
    assert json.loads((built / 'settings.json').read_text())['size'] == 48


@pytest.mark.parametrize('overwrite', [False, True])
def test_a_folder_with_something_else_is_left_alone(tmp_path, overwrite):
    (tmp_path / 'thesis.txt').write_text('mine')
    with pytest.raises(ListError, match='not empty'):
        build_synthetic_set(tmp_path, SMALL, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.txt']


@pytest.mark.parametrize(
    'wrong',
    [
        {'subjects': 3},
        {'clips': 71},
        {'seed': -1},
        {'seconds': (4.0, 3.0)},
        {'seconds': (0.2, 3.0)},
        {'size': 161},
        {'fps': 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SyntheticSettings(**wrong)


def test_no_worker_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='workers'):
        build_synthetic_set(tmp_path / 'set', SMALL, workers=0)
    assert not (tmp_path / 'set').exists()


# Face and sound belong together


def test_decoded_frames_stand_at_their_own_time(small_set):
    """Frame i of the file is nearer to the drawn frame i than to its neighbours."""
    entry = plan_clips(SMALL)[2]
    painter = FacePainter(perform_entry(SMALL, entry), SMALL.size, np.random.default_rng((SMALL.seed, 3, entry.number)))
    _, frames, _ = decode(small_set / f'videos/{entry.id}.mp4')
    drawn = np.stack([painter.frame(number) for number in range(len(frames))]).astype(float)
    distance = np.abs(frames[:, None] - drawn[None]).mean(axis=(2, 3, 4))  # (decoded, drawn)
    hits = np.argmin(distance, axis=1) == np.arange(len(frames))
    assert hits.mean() > 0.9
    assert np.diag(distance).mean() < 4.0


def test_mouth_opens_with_the_sound(small_set):
    """The opening of the mouth follows the loudness of the decoded sound best without a shift."""
    lags = range(-4, 5)
    correlations = []
    for entry in plan_clips(SMALL):
        opening = perform_entry(SMALL, entry).motion['opening']
        _, _, sound = decode(small_set / f'videos/{entry.id}.mp4')
        step = SAMPLE_RATE_HZ // SMALL.fps
        padded = np.pad(sound, (step // 2, step * len(opening)))
        power = (padded[: step * len(opening)].reshape(-1, step) ** 2).mean(axis=1)  # centred on the frames' times
        loudness = np.sqrt(power)
        inner = slice(4, -4)
        correlations.append([np.corrcoef(opening[inner], np.roll(loudness, lag)[inner])[0, 1] for lag in lags])
    mean = np.mean(correlations, axis=0)
    assert lags[int(np.argmax(mean))] == 0
    assert mean.max() > 0.6


def test_sound_has_its_length_and_does_not_clip():
    for entry in plan_clips(SMALL)[:6]:
        performance = perform_entry(SMALL, entry)
        sound = speak(performance, np.random.default_rng(0))
        assert sound.dtype == np.float32
        assert len(sound) == round(performance.length_sec * SAMPLE_RATE_HZ)
        assert 0.05 < np.abs(sound).max() < 1.0


# The design: who shares which cue


@pytest.fixture(scope='module')
def cues():
    """Hand-made features of 240 clips: what the face does, and what the sound measures."""
    settings = SyntheticSettings()
    faces, voices, labels, subjects, pitches = [], [], [], [], []
    for entry in plan_clips(settings):
        performance = perform_entry(settings, entry)
        motion = performance.motion
        # Speech moves the mouth: its rhythm is among what the face shows.
        rhythm = np.abs(np.diff(motion['opening'])).mean()
        faces.append([*(motion[name].mean() for name in FACE_MOVES), rhythm])
        voice = voice_features(speak(performance, np.random.default_rng(entry.number)))
        voices.append(voice)
        pitches.append((performance.subject.f0_hz, voice[0]))
        labels.append(entry.emotion)
        subjects.append(entry.subject)
    return {
        'face': np.array(faces),
        'voice': np.array(voices),
        'label': np.array(labels),
        'subject': np.array(subjects),
        'pitch': np.array(pitches),
    }


FACE_MOVES = ('brow_inner', 'brow_outer', 'lid_raise', 'squint', 'corners', 'stretch', 'lip_raise', 'opening')


def voice_features(sound):
    """Pitch (semitones over 100 Hz) and its spread by autocorrelation, loudness, brightness, share of silence."""
    frame, hop, step = 2048, 1024, 4  # about 46 ms
    starts = range(0, len(sound) - frame, hop)
    frames = np.stack([sound[start : start + frame : step] for start in starts]).astype(float)
    power = (frames**2).mean(axis=1)
    voiced = frames[power > 0.1 * power.max()] * np.hanning(frame // step)
    spectrum = np.abs(np.fft.rfft(voiced, 2 * voiced.shape[1], axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1) / np.fft.irfft(np.abs(np.fft.rfft(np.hanning(512), 1024)) ** 2)
    rate = SAMPLE_RATE_HZ / step
    low, high = int(rate / 500), int(rate / 70)
    pitch = 12 * np.log2(rate / (low + np.argmax(correlation[:, low:high], axis=1)) / 100)
    full = np.abs(np.fft.rfft(sound)) ** 2
    bright = full[len(full) // 10 :].sum() / full.sum()  # above 2.2 kHz
    silence = (power < 0.02 * power.max()).mean()
    return [
        np.median(pitch),
        np.subtract(*np.percentile(pitch, (80, 20))),
        np.log(power.mean()),
        np.log(bright),
        silence,
    ]


def accuracy(features, labels, subjects):
    """Accuracy of a linear classifier on subjects that it was not trained on."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    guess = cross_val_predict(model, features, labels, groups=subjects, cv=GroupKFold(6))
    return (guess == labels).mean()


@pytest.mark.parametrize(('first', 'second'), list(combinations(CLASSES, 2)))
def test_a_pair_is_told_apart_by_the_cues_that_differ_and_by_no_other(cues, first, second):
    chosen = np.isin(cues['label'], (first, second))
    for cue in ('face', 'voice'):
        score = accuracy(cues[cue][chosen], cues['label'][chosen], cues['subject'][chosen])
        if getattr(EMOTIONS[first], cue) == getattr(EMOTIONS[second], cue):
            assert score < 0.65, cue  # 80 clips: chance plus 2.7 standard deviations
        else:
            assert score > 0.75, cue


def test_with_the_same_draws_a_shared_cue_is_the_very_same():
    """A cue depends on its own style alone: the same draws give the same face, or the same sound, for both emotions."""
    subject = make_subject(5, 0)
    acted = {emotion: perform(5, 0, subject, emotion, 30, 25) for emotion in CLASSES}
    sounds = {emotion: speak(performance, np.random.default_rng(7)) for emotion, performance in acted.items()}
    for first, second in combinations(CLASSES, 2):
        same_face = all(np.array_equal(acted[first].motion[key], curve) for key, curve in acted[second].motion.items())
        assert same_face == (EMOTIONS[first].face == EMOTIONS[second].face), (first, second)
        same_voice = np.array_equal(sounds[first], sounds[second])
        assert same_voice == (EMOTIONS[first].voice == EMOTIONS[second].voice), (first, second)


def test_neither_modality_is_enough_and_both_are(cues):
    labels, subjects = cues['label'], cues['subject']
    face, voice = (accuracy(cues[cue], labels, subjects) for cue in ('face', 'voice'))
    both = accuracy(np.hstack([cues['face'], cues['voice']]), labels, subjects)
    # Four expressions and four voices for six emotions: no single modality can reach more than 4 in 6.
    assert 0.4 < face < 0.72
    assert 0.4 < voice < 0.72
    assert both > max(face, voice) + 0.15


def test_pairs_with_a_shared_cue_share_the_rhythm():
    for first, second in combinations(EMOTIONS.values(), 2):
        if first.face == second.face or first.voice == second.voice:
            assert first.rhythm == second.rhythm
            assert (first.face, first.voice) != (second.face, second.voice)


def test_measured_pitch_follows_the_subject(cues):
    """On average over its clips, a subject's measured pitch rises with the pitch that it was given."""
    neutral = cues['label'] == 'neutral'
    f0_hz, measured = cues['pitch'][neutral].T
    assert np.corrcoef(np.log(f0_hz), measured)[0, 1] > 0.9


def test_sigterm_ends_the_command_and_its_workers(tmp_path):
    command = [sys.executable, '-m', 'mmavf', 'synthetic', tmp_path / 'set', '--clips', '400', '--workers', '2']
    running = subprocess.Popen(command, start_new_session=True, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob('set/videos/*.mp4')):
        assert running.poll() is None
        time.sleep(0.1)
    running.terminate()
    assert 'Stopped by SIGTERM' in running.communicate(timeout=60)[1]
    assert running.returncode == 143
    end = time.monotonic() + 10  # helpers of multiprocessing notice a little later
    while time.monotonic() < end and session_is_alive(running.pid):
        time.sleep(0.1)
    assert not session_is_alive(running.pid)


def session_is_alive(leader):
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
