"""Sound alone is divided by its length; how frames are, tests/test_preparation/test_run.py shows."""

from math import inf

import pytest

from mmavf.errors import ClipError
from mmavf.preparation import RawClip
from mmavf.preparation.pieces import Span, spans_of_sound

from ..helpers.media import counted_frames, tone, write_media, write_wav


def test_sound_alone_ends_where_its_file_does_and_is_cut_into_equal_pieces(tmp_path):
    write_wav(tmp_path / 'a.wav', tone(5.0, rate_hz=44100), 44100)
    write_media(tmp_path / 'a.mkv', counted_frames(75), tone(3.0))

    def spans(whole, **clip):
        return spans_of_sound(tmp_path, RawClip(id='a', **{'audio': 'a.wav', **clip}), 2.0, whole)

    assert spans(True) == [Span('a', 0.0, 5.0)]
    assert spans(True, start_sec=1.5, end_sec=9.0) == [Span('a', 0.0, 3.5)]
    assert spans(False, start_sec=1.0, end_sec=4.0) == [Span('a_000', 0.0, 1.5), Span('a_001', 1.5, 3.0)]
    assert spans(False, end_sec=2.0) == [Span('a_000', 0.0, 2.0)]
    assert spans(True, audio='a.mkv')[0].end_sec == pytest.approx(3.0, abs=0.1)
    clip = RawClip(id='a', audio='a.wav')
    assert spans_of_sound(tmp_path, clip, inf, False) == [Span('a_000', 0.0, 5.0)]
    with pytest.raises(ClipError, match=r'a\.wav: no sound after 6 s'):
        spans(True, start_sec=6.0)
