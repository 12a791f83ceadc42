"""The table of what is in the lists."""

import sys
from collections.abc import Sequence
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mmavf.datasets.deep_check import ClipFacts
from mmavf.lists.natural_order import natural_order

from .groups import Group

WIDTH_IN_FILES = 400  # the output is not a screen


def listed_rows(groups: Sequence[Group]) -> dict[str, list[str]]:
    """Return the counts that the lists give for each group, in rows of a table."""
    rows = {'clips': [str(len(group.infos)) for group in groups]}
    subjects = [{info['subject'] for info in group.infos if 'subject' in info} for group in groups]
    if any(subjects):
        rows['subjects'] = [str(len(found)) for found in subjects]
    labels = [label for group in groups for label in group.labels]
    if isinstance(next((value for label in labels for value in label), ''), str):
        for name in sorted({name for label in labels for name in label}, key=natural_order):
            rows[name or '(no label)'] = [str(sum(name in label for label in group.labels)) for group in groups]
    else:
        for column in range(len(labels[0])):
            values = [[label[column] for label in group.labels] for group in groups]
            rows[f'label {column + 1}'] = [f'{min(own):g} to {max(own):g}' for own in values]
    return rows


def opened_rows(opened: Sequence[Sequence[ClipFacts]]) -> dict[str, list[str]]:
    """Return the durations and counts of the opened files of each group, in rows of a table."""
    seconds = [[clip.seconds for clip in clips if not clip.error] or [0.0] for clips in opened]
    return {
        'minutes': [f'{sum(own) / 60:.1f}' for own in seconds],
        'shortest, s': [f'{min(own):.2f}' for own in seconds],
        'median, s': [f'{median(own):.2f}' for own in seconds],
        'longest, s': [f'{max(own):.2f}' for own in seconds],
        'without sound': [str(sum(clip.silent for clip in clips)) for clips in opened],
        'unusable': [str(sum(clip.error != '' for clip in clips)) for clips in opened],
    }


def show_absent_classes(groups: Sequence[Group]) -> None:
    """Print the classes that a group lacks although another one has them; metrics of that group leave them out."""
    named = [{name for label in group.labels for name in label} for group in groups]
    for group, own in zip(groups, named, strict=True):
        absent = set.union(*named) - own
        if absent and all(isinstance(name, str) for name in absent):
            print(f'{group.name}: no clip of class {", ".join(sorted(absent, key=natural_order))}')


def show_table(names: Sequence[str], rows: dict[str, list[str]]) -> None:
    """Print a table with its longer side downwards."""
    cells = [['', *names], *([name, *values] for name, values in rows.items())]
    if len(names) > len(rows):
        cells = [list(column) for column in zip(*cells, strict=True)]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(cells[0][0], no_wrap=True)
    for name in cells[0][1:]:
        table.add_column(name, justify='right')
    for row in cells[1:]:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_FILES).print(table)
