"""Traversal of the folders of a raw set."""

import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

from mmavf.errors import printable
from mmavf.lists.natural_order import natural_order

NOT_UTF8 = 'its name is not UTF-8 text, which lists cannot contain: rename it'
SEEN = 'this folder is already searched under another path'
ABOVE = 'a link to a folder that contains the raw folder'


def walk_once(top: Path, raw: Path, leave_out: Callable[[Path, str], None]) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder from `top` on with the names of its files, both in natural order.

    Links to folders are followed, and each real folder is visited once: by its own path if that is below `top`, else by
    the first of the links to it. So loops of links end, and an id does not change when a link is added.

    Args:
        top: Where to begin.
        raw: The raw folder; links to it, or to a folder above it, are not followed.
        leave_out: Called with each folder that is not searched, and the reason.
    """
    home, seen = Path(os.path.realpath(raw)), set[str]()
    waiting = [str(top)]
    while waiting:
        links: list[str] = []
        for start in waiting:
            if start != str(top) and home.is_relative_to(os.path.realpath(start)):
                leave_out(Path(start), ABOVE)
                continue
            links += yield from _walk_tree(start, seen, leave_out)
        waiting = sorted(links, key=natural_order)


def _walk_tree(
    start: str, seen: set[str], leave_out: Callable[[Path, str], None]
) -> Generator[tuple[Path, list[str]], None, list[str]]:
    """Yield the folders from `start` on that are not in `seen`; return the links to folders that are met."""
    real_start, links = os.path.realpath(start), list[str]()
    for folder, folders, names in os.walk(start, onerror=partial(_unlisted, leave_out)):
        real = real_start + folder[len(start) :]
        if real in seen:
            folders.clear()
            leave_out(Path(folder), SEEN)
            continue
        seen.add(real)
        for name in (strange := [name for name in folders if printable(name) != name]):
            leave_out(Path(folder, name), NOT_UTF8)
        folders[:] = sorted(set(folders).difference(strange), key=natural_order)
        links += [path for name in folders if os.path.islink(path := os.path.join(folder, name))]
        yield Path(folder), sorted(names, key=natural_order)
    return links


def _unlisted(leave_out: Callable[[Path, str], None], error: OSError) -> None:
    leave_out(Path(error.filename), 'the folder cannot be listed')
