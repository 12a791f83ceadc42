"""What happens at a known time in picture and sound is found at that time."""

from fractions import Fraction

import numpy as np
import pytest

from mmavf.datasets.media import LongMedia, MediaFile

from ..helpers.media import onset_sec, tone, write_media

EVENT_SEC, LENGTH_SEC = 2.37, 4.0
_STEPS = np.random.default_rng(0).choice([0.017, 0.033, 0.05, 0.12], 90)
STAMPS = {
    '25': np.arange(100) / 25,
    '29.97': np.arange(120) * 1001 / 30000,
    '50': np.arange(200) / 50,
    'variable': np.cumsum(_STEPS) - _STEPS[0],
}
FPS = {'25': 25, '29.97': Fraction(30000, 1001), '50': 50, 'variable': 25}


@pytest.mark.parametrize('suffix', ['mp4', 'mkv'])
@pytest.mark.parametrize('rate', STAMPS)
def test_a_change_of_the_picture_and_a_tone_are_where_they_were_put(tmp_path, rate, suffix):
    stamps = STAMPS[rate]
    frames = np.full((len(stamps), 48, 64, 3), 20, np.uint8)
    frames[stamps >= EVENT_SEC] = 230
    sound = tone(LENGTH_SEC, EVENT_SEC, rate_hz=44100, pitch_hz=1000)
    given = stamps if rate == 'variable' else None
    path = write_media(
        tmp_path / f'a.{suffix}', frames, sound, fps=FPS[rate], rate_hz=44100, stamps_sec=given, b_frames=2, gop=30
    )
    change = stamps[stamps >= EVENT_SEC][0]
    for media in (LongMedia(str(path), 0.7), MediaFile(str(path)), MediaFile(str(path), 2.0)):
        times = media.video.frame_times
        bright = [frame.mean() > 125 for frame in media.video.iter_frames(range(len(times)))]
        assert bright == sorted(bright) and 0 < sum(bright) < len(bright)
        assert times[bright.index(True)] == pytest.approx(change, abs=1.5e-3)  # of mkv the unit is a millisecond
        assert times[bright.index(False) + bright.count(False) - 1] < EVENT_SEC <= times[bright.index(True)]
        assert 2.0 + onset_sec(media.audio.read_audio(2.0, 3.0)) == pytest.approx(EVENT_SEC, abs=0.01)
