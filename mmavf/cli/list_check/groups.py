"""Groups of clips that are counted together: folds, subjects, lists, or the parts of a training."""

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mmavf.cli.protocol_options import merge_protocol_options
from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.deep_check import ClipReading
from mmavf.datasets.labels import read_classes
from mmavf.datasets.targets import hold_out_target
from mmavf.engine.config_file import load_config
from mmavf.errors import ListError, printable
from mmavf.lists.cells import whole_number
from mmavf.lists.clip_list import read_list
from mmavf.lists.natural_order import natural_order
from mmavf.protocol.overlap import ClipRef
from mmavf.protocol.protocol import LOADERS, apply_protocol, drop_open_split
from mmavf.registry import DATASETS

ClipDataset = AVClipDataset | ConcatClipDataset


class Group(NamedTuple):
    """Clips that are counted together, and must be independent of those of other groups.

    Attributes:
        name: A fold, a subject, a list or a part.
        infos: What the pipeline gets for each clip.
        labels: Names of each clip's classes, or its numbers.
        refs: Identities of the clips, by which the same or related ones are found.
        reading: The way their files are read.
    """

    name: str
    infos: list[dict]
    labels: list[list]
    refs: list[ClipRef]
    reading: ClipReading


def groups_of_config(args: Namespace) -> tuple[list[Group], bool]:
    """Return the folds of a config's training data and False, or, with a fold to hold out, its parts and True."""
    config = load_config(args.config, args.cfg_options)
    merge_protocol_options(config, args)
    column = drop_open_split(config, args.fold)
    if column is not None:
        return divide(DATASETS.build(config.train_dataloader.dataset), column), False
    apply_protocol(config, hold_out_target)
    loaders = [name for name in LOADERS if config.get(name)]
    return [whole(name.removesuffix('_dataloader'), DATASETS.build(config[name].dataset)) for name in loaders], True


def groups_of_lists(args: Namespace) -> list[Group]:
    """Return the folds of one list, or several lists."""
    classes = class_names(args)
    options = dict(data_root=args.data_root, label_columns=args.label_columns, test_mode=True)
    # one family: in several lists of a set an id always means the same clip, and a subject the same person
    options |= dict(metainfo=dict(classes=classes) if classes else None, family='lists')
    options |= dict(pipeline=[dict(type='OpenClip', missing_audio='silence')])
    datasets = [AVClipDataset(ann_file, **options) for ann_file in args.list]
    if len(datasets) == 1:
        return divide(datasets[0], args.column)
    return [whole(printable(name), dataset) for name, dataset in zip(args.list, datasets, strict=True)]


def class_names(args: Namespace) -> list[str]:
    """Return the classes that the command line names, else all labels of the lists."""
    if args.label_columns:
        return []
    if args.classes:
        return read_classes(args.classes if os.path.isfile(args.classes) else args.classes.split(','))
    labels: set[Any] = set()
    for ann_file in args.list:
        try:
            entries, _ = read_list(os.path.join(args.data_root, ann_file), ('label',))
        except ListError:  # it has no labels; anything else shows when it is read as a data set
            continue
        labels |= {whole_number(entry['labels'][0]) for entry in entries}
    return sorted(labels, key=natural_order) if labels != {''} else []


def whole(name: str, dataset: ClipDataset) -> Group:
    """Return all clips of a data set."""
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    classes = dataset.metainfo.get('classes')
    labels: list[Any] = [[] for _ in infos]
    if classes:
        labels = [[classes[index] for index in np.atleast_1d(label)] for label in dataset.labels()]
    elif 'gt_label' in infos[0]:
        labels = list(dataset.labels())
    steps = getattr(dataset, 'datasets', [dataset])[0].pipeline.transforms
    return Group(name, infos, labels, list(dataset.clip_refs()), ClipReading.of(steps))


def divide(dataset: ClipDataset, column: str) -> list[Group]:
    """Return the clips of a data set by the values of a column."""
    everything = whole('', dataset)
    values = [info.get(column, '') for info in everything.infos]
    groups = []
    for value in sorted(set(values), key=natural_order):
        chosen = [i for i, own in enumerate(values) if own == value]
        name = f'{column} {value}' if value else f'no {column}'
        infos, labels = [everything.infos[i] for i in chosen], [everything.labels[i] for i in chosen]
        groups.append(Group(name, infos, labels, [everything.refs[i] for i in chosen], everything.reading))
    return groups


def merge(groups: Sequence[Group]) -> Group:
    """Return the clips of all groups as one."""
    infos = [info for group in groups for info in group.infos]
    labels = [own for group in groups for own in group.labels]
    return Group('all', infos, labels, [ref for group in groups for ref in group.refs], groups[0].reading)
