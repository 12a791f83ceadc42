"""Ablation files: variants of a training as data, in YAML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmavf.errors import ConfigError
from mmavf.evaluation.functional import CLASSIFICATION_SCORES, REGRESSION_SCORES
from mmavf.files.strict_yaml import read_yaml

KEYS = ('from', 'title', 'base', 'options', 'folds', 'seeds', 'stages', 'variants', 'paper')
STAGE_KEYS = ('base', 'options', 'per_fold')
SCORES = {*CLASSIFICATION_SCORES, *REGRESSION_SCORES}
NAME = re.compile(r'[A-Za-z0-9][\w.+-]*')  # of a folder
MAX_SEED = 2**32 - 1
# What the runner of ablations sets itself, for each run.
OWN = ('work_dir', 'resume', 'randomness.seed', 'protocol.fold')


@dataclass(frozen=True)
class Stage:
    """A training before the fine-tuning, whose last checkpoint the next one starts from.

    Attributes:
        name: Key of the file.
        base: Config file.
        options: Overrides of the config, as for `--cfg-options`.
        per_fold: Train once per fold, without the clips that the fold tests; otherwise once for all folds.
    """

    name: str
    base: str
    options: dict[str, Any] = field(default_factory=dict)
    per_fold: bool = False


@dataclass(frozen=True)
class Variant:
    """One row of the comparison.

    Attributes:
        name: Unique in its file.
        base: Config file of the fine-tuning.
        options: Overrides of the config, as for `--cfg-options`.
        stages: Trainings before it, in order.
    """

    name: str
    base: str
    options: dict[str, Any]
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class Ablation:
    """Contents of an ablation file.

    Attributes:
        title: Heading of the report.
        variants: One or more; the others are compared with the first.
        folds: Values to hold out in turn; None stands for all.
        seeds: A run of each variant per seed.
        paper: {variant: {score: figure}} as published, in percent where the report is.
    """

    title: str
    variants: tuple[Variant, ...]
    folds: tuple[str, ...] | None = None
    seeds: tuple[int, ...] = (0,)
    paper: dict[str, dict[str, float]] = field(default_factory=dict)


def read_ablation(path: str | Path) -> Ablation:
    """Read an ablation file.

    Raises:
        ConfigError: It does not exist, is not YAML, names something twice, or has a key or value that cannot be used.
    """
    path = Path(path)
    content = _read_with_parent(path)
    try:
        return _parse(content, path.stem)
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None


def _read_with_parent(path: Path) -> dict[str, Any]:
    """Return the entries of a file, and those of the file that its `from` names where it has none itself."""
    content = _mapping(read_yaml(path), f'{path}: the file')
    parent = content.pop('from', None)
    if parent is None:
        return content
    inherited = _mapping(read_yaml(path.parent / str(parent)), f'{path.parent / str(parent)}: the file')
    if 'from' in inherited:
        raise ConfigError(f'{path}: from: {parent} has a `from` of its own; name the file that it names.')
    return inherited | content


def _parse(content: Mapping[str, Any], name: str) -> Ablation:
    _check_keys(content, KEYS, 'the file')
    if not isinstance(content.get('base'), str):
        raise ConfigError('base must name the config of fine-tuning.')
    stages = [_stage(key, value) for key, value in _mapping(content.get('stages'), 'stages').items()]
    options = _options(content.get('options'), 'options')
    common = Variant('', content['base'], options, tuple(stages))
    variants = _mapping(content.get('variants'), 'variants')
    if not variants:
        raise ConfigError('variants must name one variant or more.')
    return Ablation(
        title=str(content.get('title', name)),
        variants=tuple(_variant(key, value, common) for key, value in variants.items()),
        folds=_folds(content.get('folds', 'all')),
        seeds=_seeds(content.get('seeds', [0])),
        paper=_paper(content.get('paper'), variants),
    )


def _stage(name: str, value: Any) -> Stage:
    _check_name(name, 'stage')
    if name in ('base', 'options'):
        raise ConfigError(f'stages: {name} cannot be the name of a stage.')
    entries: dict[str, Any] = dict(base=value) if isinstance(value, str) else _mapping(value, f'stages.{name}')
    _check_keys(entries, STAGE_KEYS, f'stages.{name}')
    if not isinstance(entries.get('base'), str):
        raise ConfigError(f'stages.{name}.base must name a config.')
    if not isinstance(entries.get('per_fold', False), bool):
        raise ConfigError(f'stages.{name}.per_fold must be true or false, not {entries["per_fold"]!r}.')
    options = _options(entries.get('options'), f'stages.{name}.options')
    return Stage(name, entries['base'], options, entries.get('per_fold', False))


def _variant(name: str, value: Any, common: Variant) -> Variant:
    """Return a variant: `base`, a stage's name for what changes in that stage, and overrides of the fine-tuning."""
    _check_name(name, 'variant')
    changes = _mapping(value, f'variants.{name}')
    stages = []
    for stage in common.stages:
        if stage.name not in changes:
            stages.append(stage)
        elif (changed := changes.pop(stage.name)) is not None:  # None leaves the stage out
            entries = _mapping(changed, f'variants.{name}.{stage.name}')
            base = _base(entries.pop('base', stage.base), f'variants.{name}.{stage.name}.base')
            options = stage.options | _options(entries, f'variants.{name}.{stage.name}')
            stages.append(replace(stage, base=base, options=options))
    base = _base(changes.pop('base', common.base), f'variants.{name}.base')
    options = common.options | _options(changes, f'variants.{name}')
    if stages and 'load_from' in options:
        raise ConfigError(
            f'variants.{name}.load_from: the variant starts from its stage {stages[-1].name}; leave the stage out '
            f'({stages[-1].name}: null) or the option.'
        )
    return Variant(name, base, options, tuple(stages))


def _base(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f'{where} must name a config, not {value!r}.')
    return value


def _options(value: Any, where: str) -> dict[str, Any]:
    options = _mapping(value, where)
    for key in OWN:
        if key in options:
            raise ConfigError(f'{where}.{key}: the ablation sets it for each run; leave it out.')
    return options


def _folds(value: Any) -> tuple[str, ...] | None:
    if value == 'all':
        return None
    if not isinstance(value, list) or not value or not all(isinstance(fold, str | int) for fold in value):
        raise ConfigError(f"folds must be 'all' or a list of folds, not {value!r}.")
    return tuple(dict.fromkeys(str(fold) for fold in value))


def _seeds(value: Any) -> tuple[int, ...]:
    usable = isinstance(value, list) and value and all(type(seed) is int and 0 <= seed <= MAX_SEED for seed in value)
    if not usable or len(set(value)) < len(value):
        raise ConfigError(f'seeds must be a list of different whole numbers from 0 on, not {value!r}.')
    return tuple(value)


def _paper(value: Any, variants: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    figures = _mapping(value, 'paper')
    _check_keys(figures, tuple(variants), 'paper')
    for name, scores in figures.items():
        _check_keys(_mapping(scores, f'paper.{name}'), tuple(sorted(SCORES)), f'paper.{name}')
        if wrong := [key for key, score in scores.items() if type(score) not in (int, float)]:
            raise ConfigError(f'paper.{name}.{wrong[0]} must be a number, not {scores[wrong[0]]!r}.')
    return figures


def _mapping(value: Any, where: str) -> dict[str, Any]:
    """Return a copy of a mapping with text keys; an empty entry is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f'{where} must be a mapping, not {value!r}.')
    if wrong := [key for key in value if not isinstance(key, str)]:
        raise ConfigError(f'{where}: the key {wrong[0]!r} is not text; write it in quotes.')
    return dict(value)


def _check_keys(content: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := [key for key in content if key not in known]:
        raise ConfigError(f'{where} has no key {unknown[0]!r}; choose from {", ".join(known)}.')


def _check_name(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(f'{name!r} cannot be the name of a {what}, which names a folder: use letters, digits, -, _.')
