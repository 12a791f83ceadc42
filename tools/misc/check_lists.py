"""Check lists of clips before training: counts, classes, subjects, overlap, and with --deep every file.

--deep reads the first, middle and last window of every clip as a training does.

Examples:
  python tools/misc/check_lists.py configs/finetune/ravdess/avfmae_b_ravdess.py --deep
  python tools/misc/check_lists.py configs/finetune/ravdess/avfmae_b_ravdess.py --fold 3
  python tools/misc/check_lists.py --list lists/all.csv --data-root data/my_clips --column fold
  python tools/misc/check_lists.py --list lists/train.csv lists/test.csv --data-root data/my_clips --classes joy,anger

With a config its folds are compared, or with --fold its training, validation and test part. With one list the values of
--column are compared, with several lists the lists. Ends with status 1 when something would stop a training or a test.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from mmengine.config import DictAction
from mmengine.registry import init_default_scope
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mmavf.cli.protocol_options import add_protocol_options, merge_protocol_options
from mmavf.cli.run import load_config
from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.deep_check import ClipFacts, ClipReading, deep_checker
from mmavf.datasets.labels import read_classes
from mmavf.datasets.targets import hold_out_target
from mmavf.errors import ListError, MMAVFError, printable
from mmavf.lists.cells import whole_number
from mmavf.lists.clip_list import read_list
from mmavf.lists.natural_order import natural_order
from mmavf.lists.spellings import spelling_problems
from mmavf.preparation.progress import ClipProgress
from mmavf.preparation.worker_pool import Died, WorkerPool
from mmavf.protocol.overlap import ClipRef, find_overlap, overlap_text
from mmavf.protocol.protocol import LOADERS, apply_protocol, drop_open_split
from mmavf.protocol.split import COLUMNS
from mmavf.registry import DATASETS

WIDTH_IN_FILES = 400  # where nothing has to fit a screen
ClipDataset = AVClipDataset | ConcatClipDataset


class Group(NamedTuple):
    """Clips that are counted together and are to be independent of those of other groups.

    Attributes:
        name: A fold, a subject, a list or a part.
        infos: What the pipeline would get for each clip.
        labels: Names of each clip's classes, or its numbers.
        refs: What tells clips that are the same or related.
        reading: How their files are read.
    """

    name: str
    infos: list[dict]
    labels: list[list]
    refs: list[ClipRef]
    reading: ClipReading


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?', help='config whose lists are checked')
    parser.add_argument('--list', nargs='+', default=[], metavar='FILE', help='lists, relative to --data-root')
    parser.add_argument('--data-root', default='', help='what the paths in the lists are relative to')
    parser.add_argument(
        '--classes', help='class names with commas between, or a text file (default: what the column label holds)'
    )
    parser.add_argument('--label-columns', nargs='+', default=[], metavar='COLUMN', help='columns with numbers')
    parser.add_argument('--column', choices=COLUMNS, default='fold', help='what one list is divided by (default: fold)')
    parser.add_argument('--deep', action='store_true', help='read the first, middle and last part of every clip')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='processes that read files')
    parser.add_argument(
        '--clip-timeout', type=float, default=300.0, metavar='SECONDS', help='for one clip (default: %(default)g)'
    )
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, help='config overrides, key=value')
    add_protocol_options(parser)
    args = parser.parse_args()
    if bool(args.config) == bool(args.list):
        parser.error('give a config, or lists by --list')
    if args.workers < 1 or not args.clip_timeout > 0:
        parser.error('--workers must be at least 1 and --clip-timeout positive')
    return args


def groups_of_config(args: argparse.Namespace) -> tuple[list[Group], bool]:
    """Return the folds of a config's training data, or with a fold to hold out its parts (then True)."""
    config = load_config(args.config, args.cfg_options)
    merge_protocol_options(config, args)
    column = drop_open_split(config, args.fold)
    if column is not None:
        return divide(DATASETS.build(config.train_dataloader.dataset), column), False
    apply_protocol(config, hold_out_target)
    loaders = [name for name in LOADERS if config.get(name)]
    return [whole(name.removesuffix('_dataloader'), DATASETS.build(config[name].dataset)) for name in loaders], True


def groups_of_lists(args: argparse.Namespace) -> list[Group]:
    """Return the folds of one list, or several lists."""
    classes = class_names(args)
    options = dict(data_root=args.data_root, label_columns=args.label_columns, test_mode=True)
    # of one family: in several lists of a set an id always means the same clip, and a subject the same person
    options |= dict(metainfo=dict(classes=classes) if classes else None, family='lists')
    options |= dict(pipeline=[dict(type='OpenClip', missing_audio='silence')])
    datasets = [AVClipDataset(ann_file, **options) for ann_file in args.list]
    if len(datasets) == 1:
        return divide(datasets[0], args.column)
    return [whole(printable(name), dataset) for name, dataset in zip(args.list, datasets, strict=True)]


def class_names(args: argparse.Namespace) -> list[str]:
    """Return the classes that the command names, else all labels of the lists."""
    if args.label_columns:
        return []
    if args.classes:
        return read_classes(args.classes if os.path.isfile(args.classes) else args.classes.split(','))
    labels = set()
    for ann_file in args.list:
        try:
            entries, _ = read_list(os.path.join(args.data_root, ann_file), ('label',))
        except ListError:  # has no labels; whatever else is wrong with it comes up when it is read as a data set
            continue
        labels |= {whole_number(entry['labels'][0]) for entry in entries}
    return sorted(labels, key=natural_order) if labels != {''} else []


def whole(name: str, dataset: ClipDataset) -> Group:
    """Return all clips of a data set."""
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    classes = dataset.metainfo.get('classes')
    labels = [[] for _ in infos]
    if classes:
        labels = [[classes[index] for index in np.atleast_1d(label)] for label in dataset.labels()]
    elif 'gt_label' in infos[0]:
        labels = list(dataset.labels())
    steps = getattr(dataset, 'datasets', [dataset])[0].pipeline.transforms
    return Group(name, infos, labels, list(dataset.clip_refs()), ClipReading.of(steps))


def divide(dataset: ClipDataset, column: str) -> list[Group]:
    """Return the clips of a data set by the values of a column."""
    name, *fields, reading = whole('', dataset)
    values = [info.get(column, '') for info in fields[0]]
    groups = []
    for value in sorted(set(values), key=natural_order):
        chosen = [i for i, own in enumerate(values) if own == value]
        name = f'{column} {value}' if value else f'no {column}'
        groups.append(Group(name, *([field[i] for i in chosen] for field in fields), reading))
    return groups


def merge(groups: Sequence[Group]) -> Group:
    """Return the clips of all groups as one."""
    _, *fields, readings = zip(*groups, strict=True)
    return Group('all', *(sum(field, []) for field in fields), readings[0])


def listed_rows(groups: Sequence[Group]) -> dict[str, list[str]]:
    """Return what the lists say about each group, in rows of a table."""
    rows = {'clips': [str(len(group.infos)) for group in groups]}
    subjects = [{info['subject'] for info in group.infos if 'subject' in info} for group in groups]
    if any(subjects):
        rows['subjects'] = [str(len(found)) for found in subjects]
    labels = [label for group in groups for label in group.labels]
    if isinstance(next((value for label in labels for value in label), ''), str):
        for name in sorted({name for label in labels for name in label}, key=natural_order):
            rows[name or '(no label)'] = [str(sum(name in label for label in group.labels)) for group in groups]
    else:
        for place in range(len(labels[0])):
            values = [[label[place] for label in group.labels] for group in groups]
            rows[f'label {place + 1}'] = [f'{min(own):g} to {max(own):g}' for own in values]
    return rows


def look_into_all(groups: Sequence[Group], workers: int, timeout_sec: float) -> list[list[ClipFacts]]:
    """Read parts of every clip of every group, and show how far it is."""
    jobs = [(info, group.reading) for group in groups for info in group.infos]
    numbered = iter([(number, *job) for number, job in enumerate(jobs)])
    found: dict[int, ClipFacts] = {}
    bar = ClipProgress(len(jobs), 0)
    with bar, WorkerPool(deep_checker, (), min(workers, len(jobs)), lambda job: timeout_sec, '--clip-timeout') as pool:
        for (number, info, _), facts in pool.run(lambda: next(numbered, None)):
            if isinstance(facts, Died):
                facts = ClipFacts(0.0, False, f'{info["video_path"] or info["audio_path"]}: {facts.reason}')
            bar.add(facts.error != '')
            found[number] = facts
    facts = iter([found[number] for number in range(len(jobs))])
    return [[next(facts) for _ in group.infos] for group in groups]


def opened_rows(opened: Sequence[Sequence[ClipFacts]]) -> dict[str, list[str]]:
    """Return what opening the files showed about each group, in rows of a table."""
    seconds = [[clip.seconds for clip in clips if not clip.error] or [0.0] for clips in opened]
    return {
        'minutes': [f'{sum(own) / 60:.1f}' for own in seconds],
        'shortest, s': [f'{min(own):.2f}' for own in seconds],
        'median, s': [f'{median(own):.2f}' for own in seconds],
        'longest, s': [f'{max(own):.2f}' for own in seconds],
        'without sound': [str(sum(clip.silent for clip in clips)) for clips in opened],
        'unusable': [str(sum(clip.error != '' for clip in clips)) for clips in opened],
    }


def overlap_faults(groups: Sequence[Group], are_parts: bool) -> list[str]:
    """Name the clips of each group that another group has too, or whose subject it has.

    Args:
        groups: The groups.
        are_parts: The first one is for training; the others need only be independent of that one.
    """
    faults = []
    for place, group in enumerate(groups[1:], start=1):
        for other in groups[:1] if are_parts else groups[:place]:
            found = find_overlap(group.refs, other.refs)
            if found:
                count = f'{len(found)} of {len(group.infos)} clips'
                faults.append(f'{group.name} is not independent of {other.name} ({count}):{overlap_text(found)}')
    return faults


def spelling_faults(groups: Sequence[Group]) -> list[str]:
    """Name the subjects, folds and groups that a list spells in several ways; a split of it is refused for any."""
    by_list: dict[str, list[dict]] = {}
    for group in groups:
        for info, ref in zip(group.infos, group.refs, strict=True):
            by_list.setdefault(ref.place.rpartition(':')[0], []).append(info)
    found = [(name, *problem) for name, infos in by_list.items() for problem in spelling_problems(infos)]
    return [f'{name}:{line}: {text}' for name, line, text in found]


def show_absent_classes(groups: Sequence[Group]) -> None:
    """Print the classes that a group lacks, though another one has them; a metric leaves them out there."""
    named = [{name for label in group.labels for name in label} for group in groups]
    for group, own in zip(groups, named, strict=True):
        absent = set.union(*named) - own
        if absent and all(isinstance(name, str) for name in absent):
            print(f'{group.name}: no clip of class {", ".join(sorted(absent, key=natural_order))}')


def show_table(names: Sequence[str], rows: dict[str, list[str]]) -> None:
    """Print a table; the longer side goes down."""
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


def check(args: argparse.Namespace) -> list[str]:
    """Print what the lists hold; return what is wrong with them."""
    groups, are_parts = groups_of_config(args) if args.config else (groups_of_lists(args), False)
    faults = overlap_faults(groups, are_parts)
    if len(groups) > 1 and not (are_parts or len(args.list) > 1):  # they are the values of one column
        faults += spelling_faults(groups)
    opened = look_into_all(groups, args.workers, args.clip_timeout) if args.deep else []
    faults += [clip.error for clips in opened for clip in clips if clip.error]
    show_absent_classes(groups)
    if len(groups) > 1 and not are_parts:
        groups.append(merge(groups))
        opened = [*opened, sum(opened, [])] if opened else []
    rows = listed_rows(groups) | (opened_rows(opened) if opened else {})
    show_table([group.name for group in groups], rows)
    return faults


def main() -> None:
    args = parse_args()
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    init_default_scope('mmavf')
    try:
        faults = check(args)
    except MMAVFError as error:
        raise SystemExit(f'ERROR: {error}') from error
    if faults:
        raise SystemExit('\n'.join(f'ERROR: {fault}' for fault in faults))
    print('No errors.' if args.deep else 'No errors in the lists; --deep opens every file, too.')


if __name__ == '__main__':
    main()
