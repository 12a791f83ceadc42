"""Shards: tar files of many face clips, as JPEG frames and sound."""

import csv
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

from mmavf.datasets.media.shard import INDEX_COLUMNS, index_path
from mmavf.errors import ConfigError
from mmavf.files.atomic_file import replacing
from mmavf.lists.natural_order import natural_order
from mmavf.registry import PACKS

from .jpeg import JpegPack


@PACKS.register_module()
class ShardPack(JpegPack):
    """Clips as `JpegPack` writes them, gathered in tar files by `write_shard`.

    Args:
        fps: Frames per second.
        quality: JPEG quality, 1 to 100.
        clips_per_shard: Clips per tar file.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    def __init__(self, fps: float = 25.0, quality: int = 90, clips_per_shard: int = 256) -> None:
        super().__init__(fps, quality)
        if clips_per_shard < 1:
            raise ConfigError(f'ShardPack: clips_per_shard must be at least 1, not {clips_per_shard}')
        self.clips_per_shard = clips_per_shard


def write_shard(path: Path, clips: Sequence[tuple[str, Path, Path | None]]) -> None:
    """Write clips into one tar file, and the table of their positions beside it.

    The members of a clip, `<id>/000001.jpg`, ... and `<id>/sound.wav`, follow each other. The same clips give the same
    bytes. Both files are written atomically, the table last; see `mmavf.datasets.media.shard` for reading.

    Args:
        path: The file to write, named `....tar`.
        clips: Id, folder of frames, and wav file (None: the clip has no sound) of each clip.
    """
    with replacing(index_path(path)) as table, replacing(path) as shard:  # the shard is renamed first
        rows = _write_members(shard, clips)
        with open(table, 'w', newline='', encoding='utf-8') as file:
            csv.writer(file, lineterminator='\n').writerows([INDEX_COLUMNS, *rows])


def _write_members(shard: Path, clips: Sequence[tuple[str, Path, Path | None]]) -> list[tuple[str, int, int]]:
    """Return the id of each clip, where its first member begins, and its length in bytes."""
    rows = []
    # ustar: each member has one header of one block, so that a reader can skip from one to the next by its size
    with tarfile.open(shard, 'w', format=tarfile.USTAR_FORMAT) as tar:
        for name, frames, sound in clips:
            start = tar.offset
            for image in sorted(frames.iterdir(), key=lambda image: natural_order(image.name)):
                _add(tar, f'{name}/{image.name}', image.read_bytes())
            if sound is not None:
                _add(tar, f'{name}/sound{sound.suffix}', sound.read_bytes())
            rows.append((name, start, tar.offset - start))
    return rows


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # time, owner and group stay 0
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
