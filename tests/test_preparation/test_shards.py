"""Shards are whole, alike for alike clips, and ordinary tar files."""

import csv
import tarfile

import pytest

from mmavf.preparation.packs import shards
from mmavf.preparation.packs.shards import write_shard

from ..helpers.media import counted_frames, tone, write_folder, write_wav


@pytest.fixture
def clips(tmp_path):
    """Three clips, ids not in order, the second without sound."""
    made = []
    for count, name in ((12, 'b'), (3, 'a'), (5, 'a' * 120)):
        frames = write_folder(tmp_path / 'work' / name, counted_frames(count), digits=1)
        sound = None if name == 'a' else write_wav(tmp_path / 'work' / f'{name}.wav', tone(count / 25))
        made.append((name, frames, sound))
    return made


def test_members_of_a_clip_follow_each_other_in_order(tmp_path, clips):
    write_shard(tmp_path / '00000.tar', clips)
    with tarfile.open(tmp_path / '00000.tar') as tar:
        names = [member.name for member in tar]
        content = tar.extractfile('b/10.jpg').read()
    expected = [*(f'b/{i}.jpg' for i in range(1, 13)), 'b/sound.wav', *(f'a/{i}.jpg' for i in range(1, 4))]
    assert names[:16] == expected and names[-1] == f'{"a" * 120}/sound.wav' and len(names) == 22
    assert content == (tmp_path / 'work/b/10.jpg').read_bytes()


def test_the_table_tells_where_each_clip_lies(tmp_path, clips):
    write_shard(tmp_path / '00000.tar', clips)
    with open(tmp_path / '00000.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['id'] for row in rows] == ['b', 'a', 'a' * 120]
    with tarfile.open(tmp_path / '00000.tar') as tar:
        starts = {}
        for member in tar:
            starts.setdefault(member.name.split('/')[0], member.offset)
        end = member.offset_data + -(-member.size // 512) * 512
    assert [int(row['offset']) for row in rows] == list(starts.values())
    assert [int(row['offset']) + int(row['size']) for row in rows] == [*list(starts.values())[1:], end]


def test_the_same_clips_give_the_same_bytes(tmp_path, clips):
    write_shard(tmp_path / '0.tar', clips)
    for _, frames, _ in clips:
        for image in frames.iterdir():
            image.touch()  # another date
            image.chmod(0o600)
    write_shard(tmp_path / '1.tar', clips)
    for suffix in ('tar', 'csv'):
        assert (tmp_path / f'0.{suffix}').read_bytes() == (tmp_path / f'1.{suffix}').read_bytes()


def test_a_shard_appears_whole_or_not_at_all(tmp_path, clips, monkeypatch):
    (clips[2][1] / '5.jpg').unlink()
    (clips[2][1] / '5.jpg').symlink_to(tmp_path / 'nowhere')
    with pytest.raises(OSError, match='5.jpg'):
        write_shard(tmp_path / '0.tar', clips)
    assert not (tmp_path / '0.tar').exists() and not (tmp_path / '0.csv').exists()
    monkeypatch.setattr(shards, 'INDEX_COLUMNS', None)  # fails while the table is written
    with pytest.raises(csv.Error):
        write_shard(tmp_path / '0.tar', clips[:2])
    assert not (tmp_path / '0.tar').exists() and not (tmp_path / '0.csv').exists()
