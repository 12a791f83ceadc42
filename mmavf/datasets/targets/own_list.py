"""Settings of a list of your own, with labels or without: dicts that override base configs."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal

from mmavf.errors import ConfigError

from ..media import Channel
from ..statistics_file import read_statistics
from ..transforms.log_mel import MelKind
from .settings import KEPT, LOADERS, Modality, classifier, evaluators, regressor


def list_settings(
    data_root: str,
    classes: Sequence[str] = (),
    label_columns: Sequence[str] = (),
    ann_file: str = 'lists/all.csv',
    split_column: Literal['fold', 'subject'] = 'subject',
    modalities: Sequence[Modality] = ('video', 'audio'),
    base: Mapping | None = None,
    statistics: bool = False,
) -> dict[str, Any]:
    """Return the settings of fine-tuning on a list of your own; used like `target_settings`.

    Args:
        data_root: Folder that the list's paths are relative to.
        classes: Class names in index order: classification by the column `label`.
        label_columns: Columns with numbers: regression.
        ann_file: The list, relative to `data_root` or absolute.
        split_column: Column by whose values clips are held out (`--fold`).
        modalities: Inputs of the model; a single one needs a base whose pipelines open no other, such as
            `configs/small/audio.py`.
        base: The base config, `_base_`. Needed with `statistics`.
        statistics: Normalise log-mel and frames by what `mmavf data-stats` found in the list and wrote beside it: of
            all its clips, whatever their fold, without their labels.

    Raises:
        ConfigError: Neither or both of `classes` and `label_columns` are set, the statistics cannot be read, are of
            another kind of log-mel than the pipelines make, or of another channel, or have no base.
    """
    if bool(classes) == bool(label_columns):
        raise ConfigError('list_settings: set either classes or label_columns')
    clips: dict[str, Any] = dict(ann_file=ann_file, data_root=data_root, split=dict(column=split_column))
    if classes:
        clips['metainfo'] = dict(classes=list(classes))
        metric = dict(type='ClassificationMetric', classes=list(classes))
    else:
        clips['label_columns'] = list(label_columns)
        metric = dict(type='RegressionMetric', dims=list(label_columns))
    model = classifier(len(classes), modalities) if classes else regressor(len(label_columns), modalities)
    # copies, as a config may change the data set of one loader alone
    loaders = {loader: dict(dataset=deepcopy(clips)) for loader in LOADERS}
    settings = dict(model=model, **loaders, **evaluators(metric), **KEPT)
    if statistics:
        _normalise(settings, base, ann_file, data_root)
    return settings


def unlabelled_settings(
    data_root: str, ann_file: str = 'lists/all.csv', base: Mapping | None = None, statistics: bool = False
) -> dict[str, Any]:
    """Return the settings of pre-training on one list of your own; labels, if it has any, are not used.

    Args:
        data_root: Folder that the list's paths are relative to.
        ann_file: The list, relative to `data_root` or absolute.
        base: The base config, one whose loader reads a single list, such as `configs/small/audio_pretrain.py`. Needed
            with `statistics`.
        statistics: See `list_settings`.

    Raises:
        ConfigError: As of the statistics of `list_settings`, or the base reads several lists.
    """
    if base is not None and 'datasets' in base['train_dataloader']['dataset']:
        raise ConfigError(
            'unlabelled_settings needs a base that reads a single list, as configs/_base_/datasets/single_list.py'
        )
    clips = dict(ann_file=ann_file, data_root=data_root)
    settings = dict(model=dict(data_preprocessor={}), train_dataloader=dict(dataset=clips))
    if statistics:
        _normalise(settings, base, ann_file, data_root)
    return settings


def _mel_kind(base: Mapping) -> MelKind:
    """Return the kind of log-mel of the pipelines, with the channel that they open; the default where they make none.

    Raises:
        ConfigError: They make several kinds.
    """
    default = MelKind()
    kinds = {
        MelKind(step.get('num_bins', default.bins), step.get('frame_ms', default.frame_ms), _channel(steps))
        for steps in _pipelines(base)
        for step in steps
        if step['type'] == 'LogMel'
    } or {default}
    if len(kinds) > 1:
        found = ' and '.join(map(str, sorted(kinds, key=lambda kind: (kind[:2], str(kind)))))
        raise ConfigError(f'the pipelines make log-mel of {found}: statistics=True needs one kind')
    return kinds.pop()


def _pipelines(base: Mapping) -> list[Sequence[Mapping[str, Any]]]:
    return [base[loader]['dataset']['pipeline'] for loader in LOADERS if loader in base]


def _steps(base: Mapping) -> list[Mapping[str, Any]]:
    return [step for steps in _pipelines(base) for step in steps]


def _channel(steps: Sequence[Mapping[str, Any]]) -> Channel:
    return next((step.get('audio_channel') for step in steps if step['type'] == 'OpenClip'), None)


def _normalise(settings: dict[str, Any], base: Mapping | None, ann_file: str, data_root: str) -> None:
    """Put mean and deviation of a list into the pipelines and the data preprocessor of its settings."""
    if base is None:
        raise ConfigError('statistics=True needs base=_base_, whose pipelines it changes')
    kind = _mel_kind(base)
    found = read_statistics(ann_file, data_root, kind)
    if 'log_mel' not in found and any(step['type'] == 'LogMel' for step in _steps(base)):
        raise ConfigError(
            'the pipelines make log-mel, and the statistics of the list have none: measure its sound, mmavf data-stats '
            f'{ann_file} --data-root {data_root} {kind.options}'
        )
    if 'log_mel' in found:
        measured = MelKind(**{key: value for key, value in found['log_mel'].items() if key in MelKind._fields})
        if measured != kind:
            raise ConfigError(
                f'the statistics of the list are of {measured}, and the pipelines make {kind}: measure them again, '
                f'mmavf data-stats {ann_file} --data-root {data_root} {kind.options}'
            )
        options = {key: found['log_mel'][key] for key in ('mean', 'std')}
        for loader in settings.keys() & set(LOADERS):
            steps = base[loader]['dataset']['pipeline']
            changed = [{**step, **options} if step['type'] == 'LogMel' else dict(step) for step in steps]
            settings[loader]['dataset']['pipeline'] = changed
    if 'frames' not in found and any(step['type'] == 'ReadFrames' for step in _steps(base)):
        raise ConfigError(
            'the pipelines read frames, and the statistics of the list have none: measure them, mmavf data-stats '
            f'{ann_file} --data-root {data_root} {kind.options}'
        )
    if 'frames' in found:
        settings['model']['data_preprocessor'].update({key: found['frames'][key] for key in ('mean', 'std')})
