"""Packs: formats in which the frames of face clips are stored."""

from .interfaces import Pack
from .jpeg import JpegPack
from .mp4 import Mp4Pack
from .shards import ShardPack, write_shard

__all__ = ['JpegPack', 'Mp4Pack', 'Pack', 'ShardPack', 'write_shard']
