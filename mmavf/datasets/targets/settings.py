"""Settings of leaf configs, made from the cards: plain dicts that override the base configs."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mmavf.errors import ConfigError

from .card import Card, Recipe
from .cards import CARDS, CLASSIFICATION_METRICS

Size = Literal['b', 'l', 'h']
PARTS = ('train', 'val', 'test')
MIN_LR = 1e-6  # for a total batch of 256, like the rate


def target_settings(name: str, size: Size) -> dict[str, Any]:
    """Return the settings of fine-tuning on a target data set.

    Use in a config, whose first statement must be `_base_ = [...]`:

        from mmavf.datasets.targets import target_settings
        globals().update(target_settings('mafw11', size='b'))

    Args:
        name: A name in CARDS.
        size: Model size, which decides the hyper-parameters of some targets.

    Raises:
        ConfigError: No such target.
    """
    card = get_card(name)
    recipe = card.recipe_of(size)
    return dict(
        model=_model(card),
        **_loaders(card_list(card), recipe.batch_size),
        **_evaluators(_card_evaluator(card)),
        **_schedule(recipe),
        protocol=dict(target=name),
    )


def list_settings(
    data_root: str,
    classes: Sequence[str] = (),
    label_columns: Sequence[str] = (),
    ann_file: str = 'lists/all.csv',
    split_column: Literal['fold', 'subject'] = 'subject',
) -> dict[str, Any]:
    """Return the settings of fine-tuning on your own list.

    Args:
        data_root: Folder that the list's paths are relative to.
        classes: Class names in index order: classification by the column `label`.
        label_columns: Columns with numbers: regression.
        ann_file: The list, relative to `data_root` or absolute.
        split_column: Column by whose values clips are held out (`--fold`).

    Raises:
        ConfigError: Neither or both of `classes` and `label_columns`.
    """
    if bool(classes) == bool(label_columns):
        raise ConfigError('list_settings: give either classes or label_columns')
    part = dict(ann_file=ann_file, data_root=data_root, split=dict(column=split_column, held_out=None))
    if classes:
        part['metainfo'] = dict(classes=list(classes))
        evaluator = dict(type='ClassificationMetric', classes=list(classes), metrics=CLASSIFICATION_METRICS, key='uar')
        head = dict(num_classes=len(classes))
    else:
        part['label_columns'] = list(label_columns)
        evaluator = dict(type='RegressionMetric', dims=list(label_columns))
        head = _regression_head(len(label_columns))
    return dict(model=dict(head=head), **_loaders(part), **_evaluators(evaluator))


def get_card(name: str) -> Card:
    """Return the card of a target.

    Raises:
        ConfigError: No such target; names those that there are.
    """
    if name not in CARDS:
        raise ConfigError(f'no target data set {name!r}; there are {", ".join(CARDS)}')
    return CARDS[name]


def card_list(card: Card) -> dict[str, Any]:
    """Return what a data-set config says about a target's list, without the part of the split."""
    held_out = card.folds.only or None
    labels = dict(label_columns=list(card.dims)) if card.dims else dict(metainfo=dict(classes=class_names(card)))
    return dict(
        ann_file=card.list_file,
        data_root=f'data/{card.name}',
        split=dict(column=card.folds.column, held_out=held_out),
        source=card.name,
        family=card.family,
        **labels,
    )


def class_names(card: Card) -> list[str] | str:
    """Return a card's class names, or the file that holds them."""
    return list(card.classes) or card.class_file


def _model(card: Card) -> dict[str, Any]:
    head = _regression_head(len(card.dims)) if card.dims else dict(num_classes=card.num_classes)
    without_audio = {} if 'audio' in card.modalities else dict(audio_encoder=None, correlation=None)
    return dict(head=head, **without_audio)


def _regression_head(num_outputs: int) -> dict[str, Any]:
    loss = dict(type='RegressionMSELoss')
    return dict(_delete_=True, type='RegressionHead', num_outputs=num_outputs, loss=loss)


def _loaders(clips: Mapping[str, Any], batch_size: int | None = None) -> dict[str, dict]:
    loaders = {}
    for part in PARTS:
        split = dict(clips['split'], part=part if part == 'train' else 'test')
        loaders[f'{part}_dataloader'] = dict(dataset=dict(clips, split=split))
        if batch_size is not None:
            loaders[f'{part}_dataloader']['batch_size'] = batch_size
    return loaders


def _card_evaluator(card: Card) -> dict[str, Any]:
    if card.dims:
        return dict(type='RegressionMetric', dims=list(card.dims), key=card.key)
    grouping = dict(group_by=card.group_by) if card.group_by else {}
    return dict(type='ClassificationMetric', classes=class_names(card), metrics=card.metrics, key=card.key, **grouping)


def _evaluators(evaluator: dict[str, Any]) -> dict[str, dict]:
    return dict(val_evaluator=evaluator, test_evaluator=evaluator)


def _schedule(recipe: Recipe) -> dict[str, Any]:
    scheduler = dict(type='WarmupCosineLR', warmup=5, by_epoch=True, convert_to_iter_based=True)
    return dict(
        train_cfg=dict(max_epochs=recipe.epochs),
        optim_wrapper=dict(optimizer=dict(lr=recipe.lr)),
        param_scheduler=[dict(scheduler, eta_min_ratio=MIN_LR / recipe.lr)],
    )
