"""mmavf data-stats: what it measures, prints and writes, compared with the same computed at once."""

import json
from hashlib import sha256

import cv2
import numpy as np
import pytest
import torch

from mmavf.cli.main import main
from mmavf.datasets.data_stats import LONGEST_SEC, measure
from mmavf.datasets.transforms import OpenClip
from mmavf.datasets.transforms.log_mel import FLOOR, MelKind, log_mel

from ..helpers.media import tone, write_list, write_wav


@pytest.fixture
def run(capsys):
    def run(*words):
        status = main(['data-stats', *map(str, words), '--workers', '1'])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_sound_is_measured_whole_and_without_padding(tmp_path, run):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 24000).astype(np.float32)
    half_silent = np.concatenate([tone(1.0), np.zeros(16000, np.float32)])
    write_wav(tmp_path / 'a.wav', noise, subtype='FLOAT')
    write_wav(tmp_path / 'b.wav', half_silent, subtype='FLOAT')
    write_list(tmp_path / 'l.csv', [('', 'a.wav', 0.5, 1.25), ('', 'b.wav', '', '')], 'video,audio,start,end')
    status, text, errors = run('l.csv', '--data-root', tmp_path)
    assert (status, errors) == (0, '')

    values = torch.cat([log_mel(torch.from_numpy(sound)) for sound in (noise[8000:20000], half_silent)])
    found = json.loads((tmp_path / 'l.stats.json').read_text())
    assert found['clips'] == 2 and found['seconds'] == dict(total=2.75, shortest=0.75, median=1.375, longest=2.0)
    assert found['log_mel']['mean'] == pytest.approx(values.mean().item(), abs=1e-4)
    assert found['log_mel']['std'] == pytest.approx(values.std(correction=0).item(), abs=1e-4)
    at_floor = (values < FLOOR + 1e-3).double().mean().item()
    assert found['log_mel']['share_at_floor'] == pytest.approx(at_floor) and 0.5 < at_floor < 0.7
    assert 'frames' not in found and found['log_mel']['bins'] == 128
    assert found['list_sha256'] == sha256((tmp_path / 'l.csv').read_bytes()).hexdigest()
    assert '2 clips, 0.0 minutes; shortest 0.75 s, median 1.38 s, longest 2.00 s' in text
    assert f'{100 * at_floor:.1f} % at the floor' in text


def test_log_mel_of_another_kind(tmp_path, run):
    noise = np.random.default_rng(0).normal(0, 0.1, 24000).astype(np.float32)
    write_wav(tmp_path / 'a.wav', noise, subtype='FLOAT')
    write_list(tmp_path / 'l.csv', [('', 'a.wav')], 'video,audio')
    status, text, _ = run('l.csv', '--data-root', tmp_path, '--mel-bins', 64, '--mel-frame-ms', 50)
    found = json.loads((tmp_path / 'l.stats.json').read_text())['log_mel']
    assert status == 0 and (found['bins'], found['frame_ms']) == (64, 50)
    assert 'log-mel, 64 mel bins, frames of 50 ms: mean' in text
    assert found['mean'] == pytest.approx(log_mel(torch.from_numpy(noise), 64, 50).mean().item(), abs=1e-4)
    for wrong in (('--mel-bins', 3), ('--mel-frame-ms', 9), ('--mel-frame-ms', 'nan'), ('--mel-frame-ms', 'inf')):
        with pytest.raises(SystemExit, match='2'):
            run('l.csv', '--data-root', tmp_path, *wrong)


def test_the_channel_of_the_config_is_measured(tmp_path, run):
    rng = np.random.default_rng(0)
    loud, soft = (rng.normal(0, level, 24000).astype(np.float32) for level in (0.1, 0.001))
    write_wav(tmp_path / 'a.wav', np.stack([loud, soft], axis=1), subtype='FLOAT')
    write_list(tmp_path / 'l.csv', [('', 'a.wav')], 'video,audio')
    status, text, _ = run('l.csv', '--data-root', tmp_path, '--audio-channel', 2)
    found = json.loads((tmp_path / 'l.stats.json').read_text())['log_mel']
    assert status == 0 and found['audio_channel'] == 2 and 'frames of 25 ms, channel 2: mean' in text
    assert found['mean'] == pytest.approx(log_mel(torch.from_numpy(soft)).mean().item(), abs=1e-4)
    assert found['mean'] < log_mel(torch.from_numpy(loud)).mean().item() - 5
    for wrong in ('0', 'left', '-1', '1.5'):
        with pytest.raises(SystemExit, match='2'):
            run('l.csv', '--data-root', tmp_path, '--audio-channel', wrong)


def test_frames_are_measured_by_colour(tmp_path, run):
    frames = np.zeros((5, 32, 48, 3), np.uint8)
    frames[:, :16, :, 0] = 255  # half of the red
    frames[[0, 2, 4], :, :, 2] = 51
    (tmp_path / 'clip').mkdir()
    for number, pixels in enumerate(frames):
        cv2.imwrite(str(tmp_path / f'clip/{number}.png'), pixels[..., ::-1])
    write_list(tmp_path / 'l.csv', [('clip',)], 'video')
    status, text, _ = run('l.csv', '--data-root', tmp_path, '--modalities', 'video')
    found = json.loads((tmp_path / 'l.stats.json').read_text())
    assert status == 0 and found['seconds']['total'] == pytest.approx(0.2) and 'log_mel' not in found
    np.testing.assert_allclose(found['frames']['mean'], [0.5, 0.0, 0.2], atol=1e-9)
    np.testing.assert_allclose(found['frames']['std'], [0.5, 0.0, 0.0], atol=1e-6)
    assert 'mean 0.500, 0.000, 0.200; deviation 0.500, 0.000, 0.000' in text


def test_nothing_is_written_of_a_part(tmp_path, run):
    write_wav(tmp_path / 'a.wav', tone(1.0))
    (tmp_path / 'b.wav').write_bytes(b'no sound')
    write_list(tmp_path / 'l.csv', [('', 'a.wav'), ('', 'b.wav')], 'video,audio')
    status, _, errors = run('l.csv', '--data-root', tmp_path)
    assert status == 1 and f'ERROR: {tmp_path}/b.wav: ' in errors and 'a.wav' not in errors
    assert not (tmp_path / 'l.stats.json').exists()


def test_of_long_sound_the_middle_minute_is_measured(tmp_path):
    sound = np.zeros(16000 * 100, np.float32)
    sound[16000 * 21 : 16000 * 79] = np.random.default_rng(0).normal(0, 0.1, 16000 * 58)
    write_wav(tmp_path / 'a.wav', sound)
    sums = measure(dict(video_path='', audio_path=str(tmp_path / 'a.wav')), OpenClip(('audio',)), MelKind())
    assert sums.seconds == 100 and sums.mel[0] == (LONGEST_SEC * 100 - 2) * 128
    assert sums.mel[3] / sums.mel[0] == pytest.approx(2 / 60, abs=0.01)  # and one bin between two bins of the FFT
