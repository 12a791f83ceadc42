"""Timelines: predictions for the windows of a recording, and the files that hold them."""

from .timeline import SCHEMA, Answer, ModelInfo, SourceInfo, Timeline, Track, Window
from .timeline_files import read_json, write_csv, write_json

__all__ = [
    'SCHEMA',
    'Answer',
    'ModelInfo',
    'SourceInfo',
    'Timeline',
    'Track',
    'Window',
    'read_json',
    'write_csv',
    'write_json',
]
