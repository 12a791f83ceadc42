"""Shards: tar files of many clips, for storage that is slow to open files.

A path `shards/00012.tar/<id>` in a list refers to the clip `<id>` of the file `shards/00012.tar`. The table beside it,
`shards/00012.csv`, says where the frames and the sound of each clip are, one after the other.
"""

import csv
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from mmavf.errors import ClipError

from .audio_track import AudioTrack
from .channels import Channel
from .frame_folder import FrameFolder
from .open_sound import open_sound
from .regular_file import require_regular_file
from .sound_file import SoundFile

SUFFIX = '.tar'
INDEX_COLUMNS = ('id', 'offset', 'size')
BLOCK = 512  # of a tar file: a member is one block with its name and size, and its bytes padded to whole blocks
# Tables cached in each process; with 256 clips in each they take 10 MB.
TABLES_KEPT = 256


def index_path(shard: str | Path) -> Path:
    """Return the path of the table that belongs to a shard."""
    return Path(shard).with_suffix('.csv')


def is_shard(path: str) -> bool:
    """Return whether `path` is a shard by its suffix; it need not exist, but must not be a folder."""
    return path.endswith(SUFFIX) and not os.path.isdir(path)


def in_shard(path: str) -> bool:
    """Return whether `path` is a clip in a shard, rather than a file or folder."""
    return is_shard(os.path.dirname(path))


def number_shards(shards: Iterable[str]) -> np.ndarray:
    """Return a number for the shard of each clip, (N,) int64, from 0 in order of first occurrence."""
    numbers: dict[str, int] = {}
    return np.fromiter((numbers.setdefault(shard, len(numbers)) for shard in shards), dtype=np.int64)


@lru_cache(maxsize=TABLES_KEPT)
def read_index(shard: str) -> dict[str, tuple[int, int]]:
    """Return offset and size in bytes of each clip of a shard.

    Raises:
        ClipError: The shard has no table, or an invalid one.
    """
    table = index_path(shard)
    try:
        require_regular_file(str(table))
        with open(table, encoding='utf-8', newline='') as file:
            rows = csv.DictReader(file)
            index = {row['id']: (int(row['offset']), int(row['size'])) for row in rows}
        if any(offset < 0 or size < 0 for offset, size in index.values()):
            raise ValueError('an offset before the file')
        return index
    except OSError as error:
        raise ClipError(f'{table}: the table of {shard} cannot be read ({error.strerror})') from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ClipError(f'{table}: not a table of a shard with the columns {", ".join(INDEX_COLUMNS)}') from error


class ShardClip:
    """One clip of a shard, read at once.

    Args:
        path: `<shard>.tar/<id>`.

    Raises:
        ClipError: The shard cannot be read, does not contain the clip, or is cut off.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        shard, name = os.path.split(path)
        index = read_index(shard)
        if name not in index:
            raise ClipError(f'{path}: the shard has no clip {name}')
        offset, size = index[name]
        require_regular_file(shard)
        try:
            with open(shard, 'rb', buffering=0) as file:
                # allocate no more than there is, whatever the table says
                data = os.pread(file.fileno(), min(size, os.fstat(file.fileno()).st_size), offset)
        except OSError as error:
            raise ClipError(f'{shard}: the shard cannot be read ({error.strerror})') from error
        if len(data) < size:
            raise ClipError(f'{path}: expected {size} bytes, got {len(data)}: the shard is cut off')
        self._members = _members(data, path)

    def sound(self, channel: Channel = None) -> SoundFile | AudioTrack | None:
        """Return the clip's sound; None if it has none.

        Args:
            channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.

        Raises:
            ClipError: It is damaged.
        """
        for name, data in self._members.items():
            if name.endswith(SoundFile.SUFFIXES):
                return open_sound(f'{self.path}/{name}', channel=channel, data=data)
        return None

    def frames(
        self, fps: float | None, duration_sec: float | None, start_sec: float = 0.0, end_sec: float | None = None
    ) -> 'ShardFrames':
        """Return the clip's frames; see `FrameFolder` for arguments and errors."""
        return ShardFrames(self.path, self._members, fps, duration_sec, start_sec, end_sec)


class ShardFrames(FrameFolder):
    """The frames of a clip that has been read from a shard; see `ShardClip.frames`."""

    def __init__(self, path: str, members: dict[str, memoryview], *args) -> None:
        self._members = members
        super().__init__(path, *args)

    def _list_names(self) -> list[str]:
        return list(self._members)

    def _read_bytes(self, name: str) -> np.ndarray:
        return np.frombuffer(self._members[name], dtype=np.uint8)


def _members(data: bytes, path: str) -> dict[str, memoryview]:
    """Return the bytes of each member by the last part of its name.

    Headers are skipped by their sizes: `tarfile` would take longer than the decoding of 16 frames.
    """
    members, view, place = {}, memoryview(data), 0
    while place < len(data):
        try:
            name = data[place : place + 100].rstrip(b'\0').decode().rpartition('/')[2]
            size = int(data[place + 124 : place + 135], 8)
            if not 0 <= size <= len(data) - place - BLOCK:
                raise ValueError(f'a member of {size} bytes')
        except ValueError as error:
            raise ClipError(f'{path}: the table does not fit the tar file: create both again') from error
        members[name] = view[place + BLOCK : place + BLOCK + size]
        place += BLOCK + -(-size // BLOCK) * BLOCK
    return members
