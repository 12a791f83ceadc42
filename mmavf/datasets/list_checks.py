"""Checks of lists before training starts."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mmavf.errors import ClipError, printable
from mmavf.lists.clip_list import Problem
from mmavf.lists.spellings import spelling_key

from .media.shard import index_path, is_shard, read_index

# folders scanned in parallel; most of the time is spent waiting for network drives
SCAN_THREADS = 8


def clip_key(entry: dict) -> tuple:
    """Return what entries of the same clip have in common: its video, its sound and its part of them."""
    video, audio = (os.path.normpath(path) if path else '' for path in (entry['video'], entry.get('audio')))
    return video, '' if audio == video else audio, entry.get('start', 0.0), entry.get('end')


def check_paths(entries: Sequence[dict], data_root: str) -> list[Problem]:
    """Find paths that do not exist or are not readable.

    Each folder is scanned once for all files that the list names in it. A clip in a shard is looked up in the shard's
    index, and the shard must be long enough to hold it.

    For root, who may read anything, a file counts as unreadable if its mode lets nobody read it.
    """
    wanted: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        for path in (entry['video'], entry.get('audio')):
            if path:
                folder, name = os.path.split(os.path.join(data_root, path).rstrip('/'))
                wanted[folder][name].append(entry['line'])
    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        faults = pool.map(_scan, wanted.items())
    return [problem for folder_faults in faults for problem in folder_faults]


def _scan(item: tuple[str, dict[str, list[int]]]) -> list[Problem]:
    return _scan_shard(*item) if is_shard(item[0]) else _scan_folder(*item)


def _scan_shard(shard: str, wanted: dict[str, list[int]]) -> list[Problem]:
    all_lines = [line for lines in wanted.values() for line in lines]
    folder, name = os.path.split(shard)
    faults = _scan_folder(folder, {name: all_lines, index_path(name).name: all_lines})
    if faults:
        return faults
    try:
        index = read_index(shard)
    except ClipError as error:
        return [(line, str(error)) for line in all_lines]
    length = os.path.getsize(shard)
    reasons = {clip: f'{shard} has no clip {clip}' for clip in wanted.keys() - index.keys()}
    cut = [clip for clip in wanted.keys() & index.keys() if sum(index[clip]) > length]
    reasons |= {clip: f'{shard} is cut off before the end of clip {clip}' for clip in cut}
    return [(line, reason) for clip, reason in reasons.items() for line in wanted[clip]]


def _scan_folder(folder: str, wanted: dict[str, list[int]]) -> list[Problem]:
    reasons = {}
    try:
        with os.scandir(folder or '.') as found:
            reasons = {file.name: _unreadable(file) for file in found if file.name in wanted}
        default = 'does not exist'
    except OSError as error:
        default = f'cannot be reached: {folder}: {error.strerror}'
    hints = _hints(folder, wanted.keys() - reasons.keys())
    return [
        (line, f'{os.path.join(folder, name)} {reason}{hints.get(name, "")}')
        for name, lines in wanted.items()
        if (reason := reasons.get(name, default))
        for line in lines
    ]


def _hints(folder: str, missing: Iterable[str]) -> dict[str, str]:
    """Return for names that a folder lacks what may have been meant, if that can be guessed."""
    hints = {name: ': use forward slashes, as in a/b.mp4' for name in missing if '\\' in name}
    if missing and os.path.isdir(folder or '.'):
        near = {spelling_key(_as_latin(name)): name for name in os.listdir(folder or '.')}
        for name in missing:
            other = near.get(spelling_key(name), '')
            if other and printable(other) != other:
                hints[name] = f': found {printable(other)}, whose name is not UTF-8: rename it'
            elif other:
                hints[name] = f': did you mean {other}?'
    return hints


def _as_latin(name: str) -> str:
    """Return a name that is not UTF-8 as decoded by the most common other encoding."""
    return name if printable(name) == name else os.fsencode(name).decode('cp1252', 'replace')


def _unreadable(file: os.DirEntry) -> str | None:
    try:
        readable = file.stat().st_mode & 0o444 if os.geteuid() == 0 else os.access(file.path, os.R_OK)
    except OSError as error:  # a dangling link
        return f'cannot be reached: {error.strerror}'
    return None if readable else 'is not readable: check its permissions'


def find_duplicates(entries: Iterable[dict]) -> list[Problem]:
    """Return one problem for each entry whose clip or `id` occurs in an earlier line."""
    first: dict[tuple | str, int] = {}
    problems = []
    for entry in entries:
        line = entry['line']
        names = {clip_key(entry): entry['video'] or entry['audio']}
        if 'id' in entry:  # results are identified by it
            names[entry['id']] = f'the id {entry["id"]}'
        earlier = [f'{name} is already in line {first[key]}' for key, name in names.items() if key in first]
        if earlier:
            problems.append((line, earlier[0]))
        for key in names:
            first.setdefault(key, line)
    return problems
