"""Videos as recorders, broadcasts and old programs leave them are read as players show them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, frame_index, tone, write_media

OPEN_GOPS = {
    'h264': ('libx264', {'x264-params': 'keyint=25:open-gop=1:bframes=3:scenecut=0:b-adapt=0', 'crf': '10'}),
    'hevc': ('libx265', {'x265-params': 'keyint=25:open-gop=1:bframes=3:scenecut=0:b-adapt=0:crf=10:log-level=none'}),
    'mpeg2': ('mpeg2video', {'bf': '2', 'sc_threshold': '1000000000'}),
}


def _noisy(count: int, height: int = 96, width: int = 128) -> np.ndarray:
    noise = np.random.default_rng(0).integers(-10, 10, (count, height, width, 3))  # or all blocks would be skipped
    return (counted_frames(count, height, width) + noise).clip(0, 255).astype(np.uint8)


def _encode(path: Path, frames: np.ndarray, codec: str, gop: int = 25, options: dict[str, str] | None = None) -> Path:
    with av.open(str(path), 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = *frames.shape[1:3], 'yuv420p', gop
        stream.bit_rate = 4_000_000
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _copy(source: Path, target: Path, first: int = 0, last: int | None = None, **options: str) -> list[av.Packet]:
    """Copy packets [first, last) of the video without decoding them, as players' "cut here" does."""
    with av.open(str(source)) as whole, av.open(str(target), 'w', options=options) as out:
        stream = whole.streams.video[0]
        packets = [packet for packet in whole.demux(stream) if packet.size]
        copy = out.add_stream_from_template(stream)
        for packet in packets[first:last]:
            packet.stream = copy
            out.mux(packet)
    return packets


def _keys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [i for i, packet in enumerate(packets) if packet.is_keyframe]


def _shown(path: Path, *span: float) -> list[int]:
    track = MediaFile(str(path), *span).video
    assert (np.diff(track.frame_times) > 0).all()
    return [frame_index(frame) for frame in track.read_frames(range(len(track.frame_times)))]


@pytest.mark.parametrize(('kind', 'suffix'), [
    *((kind, suffix) for kind in OPEN_GOPS for suffix in ('ts', 'mts', 'mkv')),
    *(('mpeg2', suffix) for suffix in ('mpg', 'vob')),
])  # fmt: skip
@pytest.mark.parametrize('before', [0, 9])
def test_pictures_that_lack_what_they_build_on_are_not_counted(tmp_path, kind, suffix, before):
    codec, options = OPEN_GOPS[kind]
    whole = _encode(tmp_path / 'whole.ts', _noisy(75), codec, 25, options)
    key = _keys(whole)[1]
    _copy(whole, tmp_path / f'part.{suffix}', key - before)
    shown = _shown(tmp_path / f'part.{suffix}')
    # the key frame is shown behind the B-frames that follow it in the file
    assert shown == list(range(shown[0], 75)) and key <= shown[0] <= key + 3
    with av.open(str(tmp_path / f'part.{suffix}')) as container:
        container.streams.video[0].thread_count = 1
        last = [frame_index(frame.to_ndarray(format='rgb24')) for frame in container.decode(video=0)][-len(shown) :]
    assert last == shown


@pytest.mark.parametrize('kind', OPEN_GOPS)
def test_a_file_that_begins_whole_loses_nothing_and_is_not_decoded_when_it_is_opened(tmp_path, kind, monkeypatch):
    codec, options = OPEN_GOPS[kind]
    path = _encode(tmp_path / 'whole.ts', _noisy(60), codec, 25, options)
    monkeypatch.setattr('mmavf.datasets.media.leading._find_first', None)
    assert _shown(path) == list(range(60))
    assert _shown(path, 1.0, 2.0) == list(range(25, 50))


def test_leading_pictures_of_a_closed_group_stay(tmp_path):
    options = {'bf': '2', 'flags': '+cgop', 'sc_threshold': '1000000000', 'b_strategy': '0'}
    whole = _encode(tmp_path / 'whole.ts', _noisy(60), 'mpeg2video', 12, options)
    key = _keys(whole)[1]
    _copy(whole, tmp_path / 'part.ts', key)
    assert _shown(tmp_path / 'part.ts') == list(range(key, 60))
