"""Clips of a shard give what the same clips give as folders and wav files; damage is told."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset
from mmavf.datasets.media import FrameFolder, ShardClip, SoundFile
from mmavf.datasets.media.shard import read_index
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ClipError, ListError
from mmavf.preparation.packs.shards import write_shard

from ..helpers.media import counted_frames, frame_index, tone, write_folder, write_list, write_wav

PIPELINE = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=4, frame_interval=4),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    dict(type='LogMel'),
    dict(type='PackAVInputs'),
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


@pytest.fixture
def root(tmp_path):
    """Clips `a` and `b` with sound, `c` without, as folders and as shards/00000.tar."""
    clips = []
    for count, name in ((50, 'a'), (70, 'b'), (20, 'c')):
        frames = write_folder(tmp_path / 'frames' / name, counted_frames(count))
        sound = None if name == 'c' else write_wav(tmp_path / f'{name}.wav', tone(count / 25, onset_sec=0.5))
        clips.append((name, frames, sound))
    (tmp_path / 'shards').mkdir()
    write_shard(tmp_path / 'shards/00000.tar', clips)
    return tmp_path


def test_frames_and_sound_are_those_of_the_folder(root):
    clip = ShardClip(str(root / 'shards/00000.tar/b'))
    frames, folder = clip.frames(25, None), FrameFolder(str(root / 'frames/b'), 25, None)
    np.testing.assert_array_equal(frames.frame_times, folder.frame_times)
    for one, other in zip(frames.read_frames([0, 9, 69]), folder.read_frames([0, 9, 69]), strict=True):
        np.testing.assert_array_equal(one, other)
    sound, file = clip.sound(), SoundFile(str(root / 'b.wav'))
    assert sound.duration_sec == file.duration_sec == 2.8
    np.testing.assert_array_equal(sound.read_audio(0.4, 1.0), file.read_audio(0.4, 1.0))
    assert ShardClip(str(root / 'shards/00000.tar/c')).sound() is None


def test_a_data_set_gives_the_same_items(root):
    write_list(root / 'folders.csv', [(f'frames/{name}', f'{name}.wav', 25) for name in 'ab'], 'video,audio,fps')
    write_list(root / 'shards.csv', [(f'shards/00000.tar/{name}', 25) for name in 'ab'], 'video,fps')
    folders, shards = (AVClipDataset(f'{name}.csv', str(root), PIPELINE) for name in ('folders', 'shards'))
    for index in range(2):
        for kind in ('video', 'audio'):
            assert torch.equal(folders[index]['inputs'][kind], shards[index]['inputs'][kind])
    assert shards[1]['data_samples'].sample_id == 'shards/00000.tar/b'


def opened(root, name, **options):
    fields = dict(video_path=str(root / 'shards/00000.tar' / name)) | options.pop('fields', {})
    return OpenClip(**options)(fields)


def test_opening_follows_the_rules_of_folders(root):
    part = opened(root, 'b', fields=dict(fps=25.0, start=1.0, end=2.0))
    assert part['total_frames'] == 25 and frame_index(part['video_reader'].read_frames([0])[0]) == 25
    assert opened(root, 'b')['frame_times'][1] == pytest.approx(2.8 / 70)  # spread over the sound
    assert len(opened(root, 'b', modalities=('audio',))['frame_times']) == 71
    assert opened(root, 'c', modalities=('video',))['frame_times'][1] == 0.04
    assert opened(root, 'c', missing_audio='silence')['missing_audio'] is True
    with pytest.raises(ClipError, match='00000.tar/c: the file has no sound stream'):
        opened(root, 'c')
    other = opened(root, 'b', fields=dict(audio_path=str(root / 'a.wav')))
    assert other['audio_reader'].duration_sec == 2.0


def test_the_list_check_names_what_is_missing(root):
    rows = [('shards/00000.tar/a',), ('shards/00000.tar/z',), ('shards/00001.tar/a',), ('shards/00002.tar/a',)]
    write_list(root / 'l.csv', rows, 'video')
    (root / 'shards/00002.tar').write_bytes(b'')
    with pytest.raises(ListError) as caught:
        AVClipDataset('l.csv', str(root))
    lines = [line.strip() for line in str(caught.value).splitlines()[1:]]
    shards = root / 'shards'
    assert lines[0] == f'{root}/l.csv:3: {shards}/00000.tar has no clip z'
    assert lines[1] == f'{root}/l.csv:4: {shards}/00001.csv does not exist'
    assert lines[2] == f'{root}/l.csv:4: {shards}/00001.tar does not exist'
    assert lines[3:] == [f'{root}/l.csv:5: {shards}/00002.csv does not exist']


def test_a_cut_shard_is_told_for_the_clips_it_lacks(root):
    write_list(root / 'l.csv', [(f'shards/00000.tar/{name}',) for name in 'abc'], 'video')
    shard = root / 'shards/00000.tar'
    offset, size = read_index(str(shard))['b']
    shard.write_bytes(shard.read_bytes()[: offset + size - 1])
    with pytest.raises(ListError, match='2 problem') as caught:
        AVClipDataset('l.csv', str(root))
    assert 'l.csv:3' in str(caught.value) and 'is cut off before the end of clip c' in str(caught.value)
    assert len(ShardClip(f'{shard}/a').frames(25, None).frame_times) == 50
    with pytest.raises(ClipError, match='00000.tar/b: .* the shard is cut off'):
        ShardClip(f'{shard}/b')


def test_damage_that_is_met_in_reading(root):
    shard = root / 'shards/00000.tar'
    with pytest.raises(ClipError, match='has no clip z'):
        ShardClip(f'{shard}/z')
    data = bytearray(shard.read_bytes())
    offset, _ = read_index(str(shard))['a']
    broken = data.copy()
    broken[offset + 512 : offset + 600] = b'x' * 88
    shard.write_bytes(broken)
    with pytest.raises(ClipError, match=r'00000.tar/a/0001.jpg: not a supported image'):
        ShardClip(f'{shard}/a').frames(25, None).read_frames([0])
    broken[offset + 124 : offset + 136] = b'x' * 12
    shard.write_bytes(broken)
    with pytest.raises(ClipError, match='the table does not fit the tar file'):
        ShardClip(f'{shard}/a')
    shard.unlink()
    with pytest.raises(ClipError, match='00000.tar: cannot be opened'):
        ShardClip(f'{shard}/a')


@pytest.mark.parametrize('text', ['id,offset\na,0\n', 'id,offset,size\na,0,many\n', 'id,offset,size\na,0\n'])
def test_a_table_that_is_none(root, text):
    (root / 'shards/00007.tar').write_bytes(b'')
    (root / 'shards/00007.csv').write_text(text)
    write_list(root / 'l.csv', [('shards/00007.tar/a',)], 'video')
    with pytest.raises(ListError, match='l.csv:2: .*00007.csv: not a table of a shard'):
        AVClipDataset('l.csv', str(root))


def test_a_folder_named_like_a_shard_is_a_folder(tmp_path):
    write_folder(tmp_path / 'odd.tar/a', counted_frames(10))
    write_list(tmp_path / 'l.csv', [('odd.tar/a',)], 'video')
    dataset = AVClipDataset('l.csv', str(tmp_path), [dict(type='OpenClip', modalities=('video',))])
    assert dataset[0]['total_frames'] == 10
