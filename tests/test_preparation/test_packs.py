"""What packs write is what readers see, at the right times, and the same for the same frames."""

import av
import cv2
import numpy as np
import pytest

from mmavf.datasets.media import FrameFolder, MediaFile
from mmavf.errors import ConfigError
from mmavf.preparation.packs import Pack
from mmavf.preparation.packs.jpeg import JpegPack, nearest_frames
from mmavf.preparation.packs.mp4 import Mp4Pack
from mmavf.preparation.packs.shards import ShardPack
from mmavf.registry import PACKS
from mmavf.structures.contracts import check_contract

from ..helpers.media import counted_frames, frame_index

UNEVEN_SEC = np.cumsum([0, 0.04, 0.031, 0.1, 0.04, 0.021, 0.04])


@pytest.mark.parametrize(
    ('name', 'suffix', 'fps', 'clips_per_shard'),
    [('Mp4Pack', '.mp4', None, None), ('JpegPack', '', 25.0, None), ('ShardPack', '', 25.0, 256)],
)
def test_every_pack_keeps_the_contract(tmp_path, name, suffix, fps, clips_per_shard):
    pack = PACKS.build(dict(type=name))
    check_contract(pack, Pack, name)
    assert (pack.suffix, pack.fps, pack.clips_per_shard) == (suffix, fps, clips_per_shard)
    path = tmp_path / f'clip{pack.suffix}'
    pack.write(path, iter(counted_frames(9)), np.arange(9) / 25)
    reader = MediaFile(str(path)).video if path.is_file() else FrameFolder(str(path), pack.fps, 0.0)
    assert [frame_index(frame) for frame in reader.read_frames(range(9))] == list(range(9))


@pytest.mark.parametrize('times', [np.arange(60) / 25, np.arange(60) * 1001 / 30000, np.arange(60) / 200, UNEVEN_SEC])
def test_mp4_keeps_frames_and_times(tmp_path, times):
    frames = counted_frames(len(times))
    Mp4Pack().write(tmp_path / 'clip.part', iter(frames), times)
    video = MediaFile(str(tmp_path / 'clip.part')).video
    np.testing.assert_allclose(video.frame_times, times, rtol=0, atol=0.5 / 90000)
    assert list(map(frame_index, video.read_frames(range(len(times))))) == list(range(len(times)))


@pytest.mark.parametrize(('times', 'length_sec'), [(np.arange(60) / 25, 2.4), (UNEVEN_SEC, 0.312), ([0.0], 0.04)])
def test_mp4_ends_when_its_last_frame_does(tmp_path, times, length_sec):
    Mp4Pack().write(tmp_path / 'clip.mp4', counted_frames(len(times)), np.array(times))
    with av.open(str(tmp_path / 'clip.mp4')) as container:
        assert container.duration == pytest.approx(length_sec * 1e6, abs=1000)
        assert float(container.streams.video[0].duration / 90000) == pytest.approx(length_sec, abs=1e-5)


def test_mp4_has_a_key_frame_every_gop_and_no_b_frames(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 255, (1, 48, 64, 3), dtype=np.uint8), 30, axis=0)
    Mp4Pack(gop=8).write(tmp_path / 'clip.mp4', frames, np.arange(30) / 25)
    with av.open(str(tmp_path / 'clip.mp4')) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [i for i, packet in enumerate(packets) if packet.is_keyframe] == [0, 8, 16, 24]
    assert all(packet.pts == packet.dts for packet in packets)


def test_mp4_table_comes_first_and_quality_counts(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (10, 48, 64, 3), dtype=np.uint8)
    for crf in (10, 40):
        Mp4Pack(crf=crf).write(tmp_path / f'{crf}.mp4', frames, np.arange(10) / 25)
    better, worse = ((tmp_path / f'{crf}.mp4').read_bytes() for crf in (10, 40))
    assert better.index(b'moov') < better.index(b'mdat') and len(better) > 2 * len(worse)


@pytest.mark.parametrize('pack', [Mp4Pack(), JpegPack(fps=20)])
def test_the_same_frames_give_the_same_bytes(tmp_path, pack):
    written = []
    for name in 'ab':
        pack.write(tmp_path / name, counted_frames(7), UNEVEN_SEC)
        files = sorted((tmp_path / name).iterdir()) if (tmp_path / name).is_dir() else [tmp_path / name]
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]


def test_jpeg_frames_of_the_same_rate_are_all_there(tmp_path):
    JpegPack(fps=30).write(tmp_path / 'clip', counted_frames(40), np.arange(40) / 30)
    folder = FrameFolder(str(tmp_path / 'clip'), 30, None)
    assert sorted(path.name for path in (tmp_path / 'clip').iterdir())[::39] == ['000001.jpg', '000040.jpg']
    assert list(map(frame_index, folder.read_frames(range(40)))) == list(range(40))


@pytest.mark.parametrize('times', [np.arange(50) / 30, np.arange(50) / 12.5, UNEVEN_SEC, np.zeros(1)])
def test_jpeg_frames_are_the_nearest_in_time(tmp_path, times):
    JpegPack(fps=25).write(tmp_path / 'clip', counted_frames(len(times)), times)
    folder = FrameFolder(str(tmp_path / 'clip'), 25, None)
    shown = np.array(list(map(frame_index, folder.read_frames(range(len(folder.frame_times))))))
    distance = np.abs(times[None, :] - folder.frame_times[:, None])  # (shown, source)
    np.testing.assert_allclose(distance[np.arange(len(shown)), shown], distance.min(axis=1), atol=1e-9)
    usual = np.median(np.diff(times)) if len(times) > 1 else 0.04
    assert len(shown) == max(1, round((times[-1] + usual) * 25))


def test_nearest_frames_of_twice_and_half_the_rate():
    np.testing.assert_array_equal(nearest_frames(np.arange(6) / 50, 25), [0, 2, 4])
    np.testing.assert_array_equal(nearest_frames(np.arange(3) / 12.5, 25)[::2], [0, 1, 2])


def test_jpeg_quality_counts(tmp_path):
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (1, 96, 96, 3), dtype=np.uint8)[0], (9, 9), 0)
    errors = []
    for quality in (30, 95):
        JpegPack(quality=quality).write(tmp_path / str(quality), [picture], np.zeros(1))
        shown = FrameFolder(str(tmp_path / str(quality)), 25, None).read_frames([0])[0]
        errors.append(np.abs(shown.astype(int) - picture).mean())
    assert errors[1] < 3 and errors[0] > 1.5 * errors[1]


@pytest.mark.parametrize('pack', [Mp4Pack(), JpegPack()])
def test_as_many_times_as_frames(tmp_path, pack):
    with pytest.raises(ValueError, match='zip'):
        pack.write(tmp_path / 'clip', counted_frames(6), UNEVEN_SEC)


def test_impossible_settings(tmp_path):
    with pytest.raises(ConfigError, match='gop=0'):
        Mp4Pack(gop=0)
    with pytest.raises(ConfigError, match='crf=52'):
        Mp4Pack(crf=52)
    with pytest.raises(ConfigError, match="gop='abc'"):
        Mp4Pack(gop='abc')
    with pytest.raises(ConfigError, match="preset must be one of ultrafast, .*, not 'bogus'"):
        Mp4Pack(preset='bogus')
    for options in (dict(fps=float('nan')), dict(fps='abc'), dict(fps=(25, 5)), dict(quality=90.5)):
        with pytest.raises(ConfigError, match='fps must be positive and quality in 1'):
            JpegPack(**options)
    with pytest.raises(ConfigError, match='not 25.0 and 0'):
        JpegPack(quality=0)
    with pytest.raises(ConfigError, match='clips_per_shard must be at least 1'):
        ShardPack(clips_per_shard=0)
    with pytest.raises(ConfigError, match='H.264 needs even sizes, not 63 x 48'):
        Mp4Pack().write(tmp_path / 'x', counted_frames(2, width=63), np.arange(2) / 25)
