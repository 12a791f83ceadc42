"""Checks of lists of clips, made before training starts."""

import math
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mmavf.errors import ListError

from .lists import SHOWN_PROBLEMS, Problem

# Folders looked through at once; the time goes into waiting for a network drive.
SCAN_THREADS = 8


def clip_key(entry: dict) -> tuple:
    """Return what makes an entry the same clip as another: its video, its sound and its part of them."""
    return entry['video'], entry.get('audio', ''), entry.get('start'), entry.get('end')


def parse_labels(entries: Sequence[dict], classes: Sequence[str] | None) -> list[Problem]:
    """Replace `labels` (texts) of each entry by `label`.

    Args:
        entries: Entries of `read_list`; changed in place.
        classes: Class names: `label` is an index, given in the list by name or by number. None: `label` is a list of
            floats.

    Returns:
        One problem per entry whose label is not a class or not a finite number.
    """
    problems = []
    indices = None if classes is None else {name: i for i, name in enumerate(classes)}
    for entry in entries:
        texts = entry.pop('labels')
        entry['label'] = _class_index(texts[0], indices) if indices is not None else _numbers(texts)
        if entry['label'] is None:
            wanted = f'classes are {", ".join(classes)}' if classes is not None else 'numbers are wanted'
            problems.append((entry['line'], f'unknown label {", ".join(map(repr, texts))}; {wanted}'))
    return problems


def _class_index(text: str, indices: dict[str, int]) -> int | None:
    if text in indices:
        return indices[text]
    return int(text) if text.isdecimal() and int(text) < len(indices) else None


def _numbers(texts: list[str]) -> list[float] | None:
    try:
        values = [float(text) for text in texts]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def check_paths(entries: Sequence[dict], data_root: str) -> list[Problem]:
    """Look for paths that do not exist or may not be read.

    Each folder is listed once, and the files that a list names in it are looked at in the same go.

    For root, whom the system lets read anything, a file counts as unreadable when its mode lets nobody read it.
    """
    wanted: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        for path in (entry['video'], entry.get('audio')):
            if path:
                folder, name = os.path.split(os.path.join(data_root, path).rstrip('/'))
                wanted[folder][name].append(entry['line'])
    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        faults = pool.map(_scan_folder, wanted.items())
    return [problem for folder_faults in faults for problem in folder_faults]


def _scan_folder(item: tuple[str, dict[str, list[int]]]) -> list[Problem]:
    folder, wanted = item
    reasons = {}
    try:
        with os.scandir(folder or '.') as found:
            reasons = {file.name: _unreadable(file) for file in found if file.name in wanted}
        default = 'does not exist'
    except OSError as error:
        default = f'cannot be reached: {folder}: {error.strerror}'
    return [
        (line, f'{os.path.join(folder, name)} {reasons.get(name, default)}')
        for name, lines in wanted.items()
        if reasons.get(name, default)
        for line in lines
    ]


def _unreadable(file: os.DirEntry) -> str | None:
    try:
        readable = file.stat().st_mode & 0o444 if os.geteuid() == 0 else os.access(file.path, os.R_OK)
    except OSError as error:  # a link that leads nowhere
        return f'cannot be reached: {error.strerror}'
    return None if readable else 'may not be read: check its permissions'


def find_duplicates(entries: Iterable[dict]) -> list[Problem]:
    """Return one problem for each entry whose clip stands in the list before it."""
    first: dict[tuple, int] = {}
    return [
        (entry['line'], f'{entry["video"]} stands in line {first[clip_key(entry)]} already')
        for entry in entries
        if first.setdefault(clip_key(entry), entry['line']) != entry['line']
    ]


def check_disjoint(train: Sequence[dict], test: Sequence[dict], names: tuple[str, str] = ('train', 'test')) -> None:
    """Make sure that two lists share neither clips nor subjects.

    Args:
        train: Entries of the training list; `video` and `audio` are compared as they are, so give both lists relative
            to one root or absolute.
        test: Entries of the validation or test list.
        names: Names of the two lists in the message.

    Raises:
        ListError: A clip, or a subject where the lists name subjects, is in both.
    """
    clips = {clip_key(entry) for entry in train}
    subjects = {entry['subject'] for entry in train if 'subject' in entry}
    problems = [(e['line'], f'clip {e["video"]}') for e in test if clip_key(e) in clips]
    shared = sorted(subjects & {entry['subject'] for entry in test if 'subject' in entry})
    if not problems and not shared:
        return
    text = f'{names[1]} is not independent of {names[0]}:'
    if shared:
        text += f'\n  {len(shared)} subject(s) in both: {", ".join(shared[:SHOWN_PROBLEMS])}'
    text += ''.join(f'\n  {names[1]}:{line}: {what} is in {names[0]} too' for line, what in problems[:SHOWN_PROBLEMS])
    if len(problems) > SHOWN_PROBLEMS:
        text += f'\n  ... and {len(problems) - SHOWN_PROBLEMS} more clips'
    raise ListError(text)
