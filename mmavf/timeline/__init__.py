"""Timelines: predictions for the windows of a recording, and the files that hold them."""

from .elan import write_eaf
from .spans import Run, Span, describe, runs_of, spans_of, track_name, tracks_of
from .subtitles import write_srt
from .timeline import SCHEMA, Answer, ModelInfo, SourceInfo, Timeline, Track, Window
from .timeline_files import read_json, write_csv, write_json

__all__ = [
    'SCHEMA',
    'Answer',
    'ModelInfo',
    'Run',
    'SourceInfo',
    'Span',
    'Timeline',
    'Track',
    'Window',
    'describe',
    'read_json',
    'runs_of',
    'spans_of',
    'track_name',
    'tracks_of',
    'write_csv',
    'write_eaf',
    'write_json',
    'write_srt',
]
