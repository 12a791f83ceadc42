"""Whether clips for training are independent of those that are held out for testing."""

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import torch
from mmengine.logging import MMLogger
from torch import Tensor

from mmavf.errors import ListError
from mmavf.lists.clip_list import SHOWN_PROBLEMS, clip_id
from mmavf.lists.spellings import spelling_key


class ClipRef(NamedTuple):
    """Reference by which a clip is known to be the same as, or related to, one of another list.

    Attributes:
        place: `list:line`.
        name: The file, as the list names it.
        path: Its real path, links followed.
        start: Seconds from which on the file is used.
        end: Seconds until which.
        family: Corpora with the same family give the same clip the same id and the same person the same subject; ''
            means that neither says anything.
        id: Id in the family.
        subject: Who is seen, '' where the list does not say.
        sound: Real path of the sound beside a video, '' where there is none.
    """

    place: str
    name: str
    path: str
    start: float
    end: float
    family: str
    id: str
    subject: str
    sound: str = ''


def family_of(family: str, source: str, data_root: str) -> str:
    """Return the family of a data set: what its config says, else its source, else all lists of its folder are one."""
    return family or source or os.path.realpath(data_root)


def clip_ref(entry: dict, ann_file: str, data_root: str, family: str) -> ClipRef:
    """Return the reference to an entry of `read_list`."""
    name = entry['video'] or entry['audio']
    beside = entry.get('audio', '') if entry['video'] else ''
    return ClipRef(
        place=f'{ann_file}:{entry["line"]}',
        name=name,
        path=os.path.realpath(os.path.join(data_root, name)),
        start=entry.get('start', 0.0),
        end=entry.get('end', float('inf')),
        family=family,
        id=clip_id(entry),
        subject=entry.get('subject', ''),
        sound=os.path.realpath(os.path.join(data_root, beside)) if beside else '',
    )


def file_digests(refs: Iterable[ClipRef]) -> Tensor:
    """Return a number for each file of some clips, by which it is known again: int64, (F,), ascending."""
    digests = {sha256(os.fsencode(ref.path)).digest() for ref in refs}
    return torch.tensor(sorted(int.from_bytes(digest[:8], 'big', signed=True) for digest in digests), dtype=torch.int64)


def find_overlap(train: Iterable[ClipRef], held_out: Iterable[ClipRef]) -> list[str]:
    """Find the training clips that are held out, or whose subject is.

    Two clips are the same when they are of one file (links followed) and overlap in time, or have the same id in the
    same family. A clip of sound alone is of one file also with a video that has this sound; videos may share a sound,
    such as silence. Subjects count as one whatever way they are spelt (see `spelling_key`).

    Returns:
        One line per training clip: where it stands, and which clip that is held out it is or is related to.
    """
    files: dict[str, list[ClipRef]] = {}
    ids: dict[tuple[str, str], ClipRef] = {}
    subjects: dict[tuple[str, str], ClipRef] = {}
    sounds: dict[str, list[ClipRef]] = {}  # of the videos
    for ref in held_out:
        files.setdefault(ref.path, []).append(ref)
        if ref.sound:
            sounds.setdefault(ref.sound, []).append(ref)
        if ref.family:
            ids.setdefault((ref.family, ref.id), ref)
        if ref.family and ref.subject:
            subjects.setdefault((ref.family, spelling_key(ref.subject)), ref)
    faults = []
    for ref in train:
        same_file = [*files.get(ref.path, ()), *files.get(ref.sound, ()), *sounds.get(ref.path, ())]
        at_once = [other for other in same_file if ref.start < other.end and other.start < ref.end]
        if at_once:
            relation = f'is the same file as in {at_once[0].place}'
        elif same := ids.get((ref.family, ref.id)):
            relation = f'has the id {ref.id}, and so has {same.place}'
        elif same := subjects.get((ref.family, spelling_key(ref.subject))):
            spelt = '' if same.subject == ref.subject else f' (spelt {same.subject!r})'
            relation = f'shows subject {ref.subject}, and so does {same.place}{spelt}'
        else:
            continue
        faults.append(f'{ref.place}: {ref.name} {relation}')
    return faults


def check_overlap(train: Iterable[ClipRef], held_out: Iterable[ClipRef], total: int, allow_overlap: bool) -> None:
    """Make sure that clips for training are independent of those held out.

    Args:
        train: Clips for training.
        held_out: Clips for validation or testing.
        total: Number of clips for training, for the message.
        allow_overlap: Only log how many are not independent.

    Raises:
        ListError: Some are not; the first ones are named.
    """
    faults = find_overlap(train, held_out)
    if not faults:
        return
    fault = f'{len(faults)} of {total} clips for training are not independent of what is held out for testing'
    if not allow_overlap:
        raise ListError(
            f'{fault}:{overlap_text(faults)}\nRemove them from the training lists; or, if no result on them is '
            'to count as one on unseen clips, pass --allow-overlap (allow_overlap=True). Lists whose ids and subjects '
            'have nothing to do with each other need a `family` each.'
        )
    MMLogger.get_current_instance().warning(f'{fault} (allow_overlap=True)')


def overlap_text(faults: list[str]) -> str:
    """Return the first lines of `find_overlap` and the number of the others, each on a line of its own."""
    more = f'\n  ... and {len(faults) - SHOWN_PROBLEMS} more' if len(faults) > SHOWN_PROBLEMS else ''
    return ''.join(f'\n  {fault}' for fault in faults[:SHOWN_PROBLEMS]) + more
