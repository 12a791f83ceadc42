"""Settings of fine-tuning on a target data set: dicts that override base configs."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal

from mmavf.errors import ConfigError

from .card import Card, Recipe
from .cards import CARDS

Size = Literal['b', 'l', 'h']
Modality = Literal['video', 'audio']
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# a checkpoint of Huge takes 6 GB, and a run has up to a hundred epochs; the best one is kept besides the last two
KEPT = dict(default_hooks=dict(checkpoint=dict(max_keep_ckpts=2)))
FINAL_LR = 1e-6  # for a total batch of 256, like the rate


def target_settings(
    name: str,
    size: Size,
    base: Mapping | None = None,
    composite: bool = True,
    list_file: str = '',
    recipe: Recipe | None = None,
) -> dict[str, Any]:
    """Return the settings of fine-tuning on a target data set, for programs and for variants of the shipped configs.

    Such as a micro-expression set without the others of its composite, in a config of your own:

        _base_ = 'configs/avfmae_b_finetune_micro.py'
        from mmavf.datasets.targets import target_settings

        globals().update(target_settings('samm', 'b', _base_, composite=False))

    Args:
        name: Name of a card.
        size: Model size, on which the hyper-parameters of some targets depend.
        base: The base config. Needed if the loaders differ from its loaders in more than the list: in the stride, or
            by several lists.
        composite: Train and test a micro-expression set together with those named on its card.
        list_file: A list other than the card's, such as another version of CAS(ME)³.
        recipe: Hyper-parameters other than the card's, such as those of another method; `size` has no effect then.

    Raises:
        ConfigError: The target does not exist, or it needs `base`.
    """
    card = get_card(name)
    recipe = recipe or card.recipe_of(size)
    names = card.composite if composite and card.composite else (name,)
    parts = [list_config(get_card(part)) for part in names]
    if list_file:
        parts[names.index(name)]['ann_file'] = list_file
    if base is None and (len(parts) > 1 or recipe.frame_interval not in (0, 4)):
        raise ConfigError(f'target_settings({name!r}, {size!r}) needs base=_base_')
    return dict(
        model=outputs(card),
        **_loaders(parts, base, recipe),
        **evaluators(evaluator(card, len(parts) > 1)),
        **schedule(recipe),
        **KEPT,
        protocol=dict(target=name, result=card.result),
    )


def get_card(name: str) -> Card:
    """Return the card of a target.

    Raises:
        ConfigError: It does not exist; the message names those that do.
    """
    if name not in CARDS:
        raise ConfigError(f'there is no target data set {name!r}; choose from {", ".join(CARDS)}')
    return CARDS[name]


def list_config(card: Card) -> dict[str, Any]:
    """Return the AVClipDataset options that describe a target's list, except the part of its split."""
    config: dict[str, Any] = dict(
        ann_file=card.list_file,
        data_root=f'data/{card.name}',
        source=card.name,
        family=card.family,
        split=dict(column=card.folds.column, held_out=card.folds.only or None),
    )
    if card.dims:
        return dict(config, label_columns=list(card.dims))
    if card.label_map:
        config['label_map'] = dict(card.label_map)
    return dict(config, metainfo=dict(classes=list(card.classes) or card.class_file))


def schedule(recipe: Recipe) -> dict[str, Any]:
    """Return epochs, learning rate and schedule."""
    course = dict(
        type='WarmupCosineLR',
        warmup=5,
        eta_min_ratio=FINAL_LR / recipe.lr,
        by_epoch=True,
        convert_to_iter_based=True,
    )
    return dict(
        train_cfg=dict(max_epochs=recipe.epochs),
        optim_wrapper=dict(optimizer=dict(lr=recipe.lr)),
        param_scheduler=[course],
    )


def outputs(card: Card) -> dict[str, Any]:
    """Return the settings of a model with a target's inputs and outputs."""
    if card.dims:
        return regressor(len(card.dims), card.modalities)
    return classifier(card.num_classes, card.modalities)


def evaluator(card: Card, in_parts: bool) -> dict[str, Any]:
    """Return the config of a target's metric.

    Args:
        card: The card.
        in_parts: Report the data sets of a composite apart.
    """
    options = dict(metrics=list(card.metrics), key=card.key)
    if card.dims:
        return dict(type='RegressionMetric', dims=list(card.dims), **options)
    if card.group_by:
        options['group_by'] = card.group_by
    if in_parts:
        options['part_by'] = 'source'
    return dict(type='ClassificationMetric', classes=list(card.classes) or card.class_file, **options)


def concat(template: Mapping, parts: Sequence[Mapping], **options: Any) -> dict[str, Any]:
    """Return the config of a ConcatClipDataset.

    Args:
        template: Config of the base's data set, for what the parts do not set (pipeline, policies).
        parts: Options of each part.
        **options: Options of ConcatClipDataset.
    """
    return dict(_delete_=True, type='ConcatClipDataset', datasets=[{**template, **part} for part in parts], **options)


def classifier(num_classes: int, modalities: Sequence[Modality]) -> dict[str, Any]:
    """Return the settings of a classifier; clips are mixed in training as released."""
    mixing = dict(type='MixupCutmix', num_classes=num_classes)
    if 'video' not in modalities:
        mixing['mix_audio'] = True
    return dict(
        head=dict(num_classes=num_classes), data_preprocessor=dict(batch_augment=mixing), **without_others(modalities)
    )


def regressor(num_outputs: int, modalities: Sequence[Modality]) -> dict[str, Any]:
    """Return the settings of a model that regresses numbers; clips are not mixed."""
    head = dict(_delete_=True, type='RegressionHead', num_outputs=num_outputs, loss=dict(type='RegressionMSELoss'))
    return dict(head=head, data_preprocessor=dict(batch_augment=None), **without_others(modalities))


def without_others(modalities: Sequence[Modality]) -> dict[str, None]:
    """Return what a model of these modalities lacks, as None: encoders, and with a single one the correlation."""
    missing = {'video', 'audio'}.difference(modalities)
    return dict.fromkeys([*(f'{modality}_encoder' for modality in missing), *(['correlation'] if missing else [])])


def _loaders(parts: Sequence[dict], base: Mapping | None, recipe: Recipe) -> dict[str, dict]:
    loaders = {}
    for loader in LOADERS:
        dataset = parts[0]
        if base is not None:
            template = base[loader]['dataset']
            if recipe.frame_interval:
                dataset = dict(dataset, pipeline=_with_interval(template['pipeline'], recipe.frame_interval))
            if len(parts) > 1:
                split = [dict(part, split={**template['split'], **part['split']}) for part in parts]
                dataset = concat(template, split)
        loaders[loader] = dict(batch_size=recipe.batch_size, dataset=deepcopy(dataset))
    return loaders


def _with_interval(pipeline: Sequence[Mapping], frame_interval: int) -> list[dict]:
    return [dict(step, frame_interval=frame_interval) if 'frame_interval' in step else dict(step) for step in pipeline]


def evaluators(metric: dict[str, Any]) -> dict[str, dict]:
    """Return the settings of validation and test by one metric."""
    return dict(val_evaluator=metric, test_evaluator=metric)
