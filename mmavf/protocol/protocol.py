"""The config's `protocol`: the data that a run is trained, selected and tested on; see `Protocol`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from inspect import signature
from os import path as osp
from typing import Literal, NamedTuple

from mmengine.config import Config

from mmavf.errors import ConfigError
from mmavf.registry import METRICS

from .choices import SELECTIONS
from .fold_folder import FOLD, fold_folder
from .overlap import family_of

RESULTS = ('mean', 'pooled')
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
STAGES = ('postpretrain', 'finetune')
VALIDATION = ('val_dataloader', 'val_cfg', 'val_evaluator')


@dataclass(frozen=True)
class Protocol:
    """The entry `protocol` of a config.

    Attributes:
        stage: 'postpretrain' or 'finetune'.
        target: Target data set, a name in CARDS; None with a list of your own.
        column: Column of the lists by which parts are held out, as the splits say; `apply_protocol` notes it.
        fold: Value of the split's column that is held out for testing; None where the config says it.
        selection: 'strict': the checkpoint is chosen without the test part; 'paper': the best epoch on the test part.
        val_share: With 'strict': 0, the last epoch counts; above, the best epoch on that share of the training part.
        allow_overlap: Accept that clips or subjects under test were trained on.
        result: Result of all folds: 'mean' over them, or the 'pooled' predictions scored as one
            test. None: pooled where single subjects are held out, which have too few clips for scores of their own.

    Raises:
        ConfigError: A value cannot work.
    """

    stage: str = ''
    target: str | None = None
    column: str | None = None
    fold: str | int | None = None
    selection: str = 'strict'
    val_share: float = 0.0
    allow_overlap: bool = False
    result: str | None = None

    def __post_init__(self) -> None:
        for key, value, allowed in (
            ('stage', self.stage, STAGES),
            ('selection', self.selection, SELECTIONS),
            ('allow_overlap', self.allow_overlap, (False, True)),
            ('result', self.result, (*RESULTS, None)),
        ):
            if value not in allowed:
                raise ConfigError(f'protocol.{key} must be one of {allowed}, not {value!r}.')
        if not isinstance(self.val_share, int | float) or not 0 <= self.val_share < 1:
            raise ConfigError(f'protocol.val_share must be at least 0 and less than 1, not {self.val_share}.')
        if self.selection == 'paper' and self.val_share:
            raise ConfigError("protocol: selection='paper' validates on the test part: set val_share=0.")


def drop_open_split(cfg: Config | dict, fold: str | None) -> str | None:
    """Have the training data whole where nobody says what is held out.

    Args:
        cfg: The config; the `split` of its training data is taken out in place, if it is open and `fold` is None.
        fold: What is to be held out, if anything.

    Returns:
        The column that the clips would be split by, where a split was taken out.
    """
    dataset = cfg['train_dataloader']['dataset']
    split = [part for part in dataset.get('datasets', [dataset]) if part.get('split')]
    if fold is not None or all(part['split'].get('held_out') is not None for part in split):
        return None
    column = split[0]['split']['column']
    for part in split:
        part['split'] = None
    return column


HoldOut = Callable[[Mapping, str], dict]


def apply_protocol(cfg: Config | dict, hold_out: HoldOut) -> None:
    """Make the data sets, the validation and the checkpoint hook of `cfg` what its `protocol` says, in place.

    `{fold}` in `load_from` stands for the fold: each fold starts from the post-pre-training that left it out. A config
    without `protocol` stays as it is.

    Args:
        cfg: The config.
        hold_out: Returns the config of a hybrid without what a target, given by its name, is tested on.

    Raises:
        ConfigError: A value cannot work, or the config lacks what it needs.
    """
    if cfg.get('protocol') is None:
        return
    protocol = Protocol(**cfg['protocol'])
    if protocol.stage == 'postpretrain':
        _hold_out_target(cfg, protocol, hold_out)
    val_part = 'test' if protocol.selection == 'paper' else 'val'
    split_sets = 0
    for loader, part in zip(LOADERS, ('train', val_part, 'test'), strict=True):
        for held_out, dataset in data_sets(cfg.get(loader)):
            if dataset.get('split') is not None:
                _set_split(dataset['split'], protocol, 'test' if held_out else part)
                split_sets += 1
    if protocol.fold is not None and not split_sets and protocol.stage == 'finetune':
        raise ConfigError(f'--fold {protocol.fold}: no data set of this config has a `split`.')
    fold = fold_under_test(cfg)
    cfg['protocol'].update(asdict(protocol), fold=fold, column=column_under_test(cfg))
    if cfg.get('load_from') and fold is not None:  # as its folder is called
        cfg['load_from'] = cfg['load_from'].replace('{fold}', fold_folder(fold).removeprefix(FOLD))
    if has_validation(cfg['protocol']):
        _keep_best(cfg)
    else:
        for key in VALIDATION:
            cfg[key] = None


def has_validation(protocol: Mapping) -> bool:
    """Whether a run validates and keeps its best epoch; otherwise its last epoch counts."""
    return protocol.get('selection') == 'paper' or protocol.get('val_share', 0) > 0


def corpora(loader: Mapping | None) -> set[str]:
    """Return the families of the data sets of a loader's config (see `family_of`)."""
    return {_family(dataset) for held_out, dataset in data_sets(loader) if not held_out}


def corpora_under_test(cfg: Mapping) -> set[str]:
    """Return the families of the data sets that `cfg` tests on, or keeps out of the training for a later test."""
    return {_family(dataset) for dataset in _under_test(cfg)}


class ListUnderTest(NamedTuple):
    """A list that a run tests on: the family of its data set, its path, whether only a part of it is tested on."""

    family: str
    path: str
    in_parts: bool


def lists_under_test(cfg: Mapping) -> list[ListUnderTest]:
    """Return the lists of the data sets that `cfg` tests on, or keeps out of the training for a later test."""
    return [
        ListUnderTest(
            _family(dataset),
            osp.join(dataset.get('data_root', ''), dataset.get('ann_file', '')),
            dataset.get('split') is not None,
        )
        for dataset in _under_test(cfg)
    ]


def fold_under_test(cfg: Mapping) -> str | None:
    """Return what `cfg` holds out, be it by `protocol.fold` or by its splits; None where that is still to be said."""
    given = cfg['protocol'].get('fold')
    splits = [dataset.get('split') for dataset in _under_test(cfg)]
    values = {split.get('held_out') for split in splits if split is not None} if given is None else {given}
    return str(values.pop()) if len(values) == 1 and values != {None} else None


def column_under_test(cfg: Mapping) -> str | None:
    """Return the column by which `cfg` holds out what it tests on, such as fold or subject; None without a split."""
    columns = {dataset['split']['column'] for dataset in _under_test(cfg) if dataset.get('split') is not None}
    return ' and '.join(sorted(columns)) or None


def result_over_folds(cfg: Mapping) -> Literal['mean', 'pooled']:
    """Return how the result of all folds of `cfg` is taken: 'mean' or 'pooled', see `Protocol`."""
    return cfg['protocol'].get('result') or usual_result(column_under_test(cfg))


def usual_result(column: str | None) -> Literal['mean', 'pooled']:
    """Return how the result is taken where the config does not say, by the column that is held out."""
    return 'pooled' if column == 'subject' else 'mean'


def data_sets(loader: Mapping | None) -> Iterator[tuple[bool, dict]]:
    """Yield the single data sets of a loader's config, and whether each only stands there as held out."""
    if loader:
        yield from _parts(loader['dataset'], held_out=False)


def _parts(dataset: dict, held_out: bool) -> Iterator[tuple[bool, dict]]:
    for part in dataset.get('held_out') or ():
        yield from _parts(part, held_out=True)
    if 'datasets' in dataset:
        for part in dataset['datasets']:
            yield from _parts(part, held_out)
    elif 'dataset' in dataset:  # a wrapper such as RepeatDataset
        yield from _parts(dataset['dataset'], held_out)
    else:
        yield held_out, dataset


def _under_test(cfg: Mapping) -> list[dict]:
    held_out = [dataset for is_held_out, dataset in data_sets(cfg.get('train_dataloader')) if is_held_out]
    return held_out + [dataset for _, dataset in data_sets(cfg.get('test_dataloader'))]


def _hold_out_target(cfg: Config | dict, protocol: Protocol, hold_out: HoldOut) -> None:
    """Keep a hybrid away from what the target is tested on, unless the config itself says what is held out."""
    dataset = cfg['train_dataloader']['dataset']
    if protocol.target is None and not protocol.allow_overlap and not dataset.get('held_out'):
        raise ConfigError(
            'Which target is this post-pre-training for? Pass --target and --fold, so that it leaves out what that is '
            'tested on; or --allow-overlap, for figures that are not those of unseen clips.'
        )
    if protocol.target is not None and not dataset.get('held_out'):
        dataset = hold_out(dataset, protocol.target)
    if protocol.allow_overlap and 'held_out' in dataset:
        dataset['allow_overlap'] = True
    cfg['train_dataloader']['dataset'] = dataset


def _set_split(split: dict, protocol: Protocol, part: str) -> None:
    split.update(part=part, val_share=protocol.val_share)
    if protocol.fold is not None:
        split['held_out'] = str(protocol.fold)


def _keep_best(cfg: Config | dict) -> None:
    missing = [key for key in VALIDATION if cfg.get(key) is None]
    if missing:
        raise ConfigError(f'protocol: choosing the best epoch needs a validation, but {", ".join(missing)} is not set.')
    hook = cfg['default_hooks']['checkpoint']
    hook['save_best'] = key = hook.get('save_best') or _key_of(cfg['val_evaluator'])
    hook.setdefault('rule', 'less' if 'rmse' in str(key) else 'greater')


def _key_of(evaluator: Mapping | Sequence[Mapping]) -> str:
    """Return the score that stands for the result of an evaluator, that of its first metric which names one.

    Raises:
        ConfigError: None does.
    """
    for metric in [evaluator] if isinstance(evaluator, Mapping) else evaluator:
        if 'key' in metric:
            return metric['key']
        known = METRICS.get(metric['type']) if isinstance(metric.get('type'), str) else metric.get('type')
        parameter = signature(known).parameters.get('key') if known is not None else None
        if parameter is not None:
            return parameter.default
    raise ConfigError(
        'protocol: no metric of val_evaluator says which score chooses the best epoch: set '
        'default_hooks.checkpoint.save_best.'
    )


def _family(dataset: Mapping) -> str:
    return family_of(*(dataset.get(key, '') for key in ('family', 'source', 'data_root')))
