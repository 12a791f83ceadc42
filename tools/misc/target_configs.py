"""Configs and page of the target data sets, as text made from their cards."""

from ast import literal_eval
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavf.models  # noqa: F401  (registers them)
from mmavf.datasets.targets import CARDS, Card, get_card
from mmavf.datasets.targets.page import page
from mmavf.datasets.targets.settings import FINAL_LR, KEPT, evaluator, list_config, outputs, schedule
from mmavf.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
SIZES = dict(b='Base', l='Large', h='Huge')
# forward, per clip with video and sound, by tools/analysis_tools/get_complexity.py
GFLOP = dict(b=83.6, l=155.0, h=276.7)
LINE_LENGTH = 120

LIST_HEAD = """\
# {title}: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_{base}.py'

"""
ONE_LIST = 'train_dataloader = val_dataloader = test_dataloader = dict(dataset=_clips)\n'
ONE_LIST_WITH_INTERVAL = """\
train_dataloader, val_dataloader, test_dataloader = (
    dict(
        dataset=dict(
            **_clips,
            pipeline=[
                dict(step, frame_interval={interval}) if step['type'] == 'SampleWindow' else step
                for step in _base_[loader]['dataset']['pipeline']
            ],
        )
    )
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
)
"""
SEVERAL_LISTS = """\
train_dataloader, val_dataloader, test_dataloader = (
    dict(
        dataset=dict(
            _delete_=True,
            type='ConcatClipDataset',
            datasets=[
                dict(dataset, **clips, split=dict(dataset['split'], column='{column}', held_out=None))
                for clips in _lists
            ],
        )
    )
    for dataset in (_base_[loader]['dataset'] for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'))
)
"""
LEAF_HEAD = """\
# AVF-MAE++ {size_name} on {title}: fine-tuning. {cost}.
# {inputs}. {gpus} x {batch_size} = {total} clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: {source}.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   {command} \\
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_{size}_finetune.py',
    '../../_base_/targets/{lists}.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

"""


class Expression(str):
    """Python text that stands in a config as it is, such as the name of a variable."""

    __repr__ = str.__str__


def generated_files() -> Iterator[tuple[str, str]]:
    """Yield path, relative to the root, and text of each file."""
    yield 'docs/targets.md', page()
    for card in CARDS.values():
        if card.name == (card.composite or (card.name,))[0]:
            yield f'configs/_base_/targets/{lists_name(card)}.py', list_text(card)
        for size in SIZES:
            yield f'configs/finetune/{card.name}/avfmae_{size}_{card.name}.py', leaf_text(card, size)


def lists_name(card: Card) -> str:
    """Return the name of the config with a target's lists, which the targets of a composite share."""
    return '_'.join(card.composite) or card.name


def list_text(card: Card) -> str:
    """Return the config with a target's lists, classes and metrics."""
    parts = [get_card(name) for name in card.composite] or [card]
    lists = [list_config(part) for part in parts]
    scores = evaluator(card, len(parts) > 1)
    interval = card.recipe.frame_interval
    title = ' + '.join(part.title for part in parts)
    base = 'av' if 'audio' in card.modalities else 'video' if interval else 'micro'
    text = LIST_HEAD.format(title=title, base=base)
    if not card.dims:
        text += assign('_classes', scores['classes'])
        for part in (*(clips['metainfo'] for clips in lists), scores):
            part['classes'] = Expression('_classes')
    if len(parts) == 1:
        text += assign('_clips', lists[0])
        text += ONE_LIST if interval in (0, 4) else ONE_LIST_WITH_INTERVAL.format(interval=interval)
    else:
        text += assign('_label_map', lists[0]['label_map'])
        common = dict(label_map=Expression('_label_map'))
        text += assign('_lists', [{k: v for k, v in (clips | common).items() if k != 'split'} for clips in lists])
        text += SEVERAL_LISTS.format(column=card.folds.column)
    return text + '\n' + assign('val_evaluator = test_evaluator', scores)


def leaf_text(card: Card, size: str) -> str:
    """Return the config that fine-tunes a model size on a target."""
    recipe, sound = card.recipe_of(size), 'audio' in card.modalities
    frames = f'at stride {recipe.frame_interval}' if recipe.frame_interval else 'spread over the clip'

    head = LEAF_HEAD.format(
        size=size,
        size_name=SIZES[size],
        title=card.title,
        inputs=f'16 frames {frames}' + (' and sound' if sound else ', no sound'),
        cost=model_size(size, outputs(card)) + (f', {GFLOP[size]} GFLOP forward per clip' if sound else ''),
        total=recipe.gpus * recipe.batch_size,
        command=launch_command(card, size),
        lists=lists_name(card),
        **recipe._asdict(),
    )
    course = schedule(recipe)
    if course['param_scheduler'] == load('stages/finetune.py').param_scheduler:
        del course['param_scheduler']
    else:
        course['param_scheduler'][0]['eta_min_ratio'] = Expression(f'{FINAL_LR} / {recipe.lr}')
    loaders = {'train_dataloader = val_dataloader = test_dataloader': dict(batch_size=recipe.batch_size)}
    settings = dict(
        model=outputs(card), **loaders, **course, **KEPT, protocol=dict(target=card.name, result=card.result)
    )
    return head + ''.join(assign(name, value) for name, value in settings.items())


def launch_command(card: Card, size: str) -> str:
    """Return the command that trains on a target: one fold of it, or all where subjects are held out one at a time."""
    path = f'configs/finetune/{card.name}/avfmae_{size}_{card.name}.py'
    if card.folds.column == 'subject':
        return f'python tools/cross_validate.py {path} --folds all'
    fold = '' if card.folds.only else ' --fold 1'
    return f'tools/dist_train.sh {path} {card.recipe_of(size).gpus}{fold}'


def load(path: str) -> Config:
    """Return a base config."""
    return Config.fromfile(str(ROOT / 'configs/_base_' / path))


def model_size(size: str, overrides: dict[str, Any]) -> str:
    """Return in words how many parameters a model size has with settings that override its base."""
    config = load(f'models/avfmae_{size}_finetune.py')
    config.merge_from_dict(dict(model=overrides))
    return f'{count_parameters(repr(config.model.to_dict())) / 1e6:.1f} M parameters'


@cache
def count_parameters(model: str) -> int:
    """Return the number of parameters of a model, whose config is given as text; it is built without memory."""
    with torch.device('meta'):
        return sum(parameter.numel() for parameter in MODELS.build(literal_eval(model)).parameters())


def assign(name: str, value: Any) -> str:
    """Return the line or lines that give a variable its value."""
    return f'{name} = {code(value, len(name) + 3, 0)}\n'


def code(value: Any, lead: int, indent: int) -> str:
    """Return a value as Python text in the style of ruff.

    Args:
        value: Dictionary, list or plain value.
        lead: Characters before it on its line.
        indent: Those of them that indent the line.
    """
    line = one_line(value)
    if lead + len(line) < LINE_LENGTH or not isinstance(value, dict | list):
        return line
    inner = indent + 4
    if isinstance(value, list):
        items = [code(item, inner, inner) for item in value]
        opening, closing = '[', ']'
    else:
        items = [f'{key}={code(item, inner + len(key) + 1, inner)}' for key, item in value.items()]
        opening, closing = 'dict(', ')'
    return f'{opening}\n' + ''.join(f'{" " * inner}{item},\n' for item in items) + f'{" " * indent}{closing}'


def one_line(value: Any) -> str:
    """Return a value as one line of Python text, dictionaries as calls of `dict`."""
    if isinstance(value, dict):
        return f'dict({", ".join(f"{key}={one_line(item)}" for key, item in value.items())})'
    if isinstance(value, list):
        return f'[{", ".join(map(one_line, value))}]'
    return repr(value)


def write(check: bool) -> int:
    """Write the files and name those that differed, or with `check` only name them; return the exit status."""
    init_default_scope('mmavf')
    status = 0
    for path, text in generated_files():
        file = ROOT / path
        if file.exists() and file.read_text(encoding='utf-8') == text:
            continue
        print(path)
        if check:
            status = 1
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding='utf-8')
    return status
