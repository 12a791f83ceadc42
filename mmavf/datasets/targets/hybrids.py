"""Labelled hybrids of supervised post-pre-training (PSI, paper section 3.5), independent of the test data."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from mmavf.datasets.labels import read_classes
from mmavf.errors import ConfigError

from .card import Card, Recipe
from .label_spaces import CEA_ALIGNMENT, CEA_CLASSES, MER_CLASSES
from .settings import KEPT, classifier, concat, get_card, list_config, schedule

# options that differ between lists; the rest of a data set's config is common to all parts of a hybrid
LIST_KEYS = (
    'ann_file',
    'data_root',
    'metainfo',
    'label_map',
    'list_classes',
    'multi_label',
    'split',
    'source',
    'family',
)


class Hybrid(NamedTuple):
    """A labelled hybrid.

    Attributes:
        classes: Its label space.
        members: Data sets, at most one per family.
        recipe: Hyper-parameters.
    """

    classes: tuple[str, ...]
    members: tuple[str, ...]
    recipe: Recipe


# the paper states neither members nor hyper-parameters; it omits PSI for MSP-IMPROV, which can be added to the members
HYBRIDS = dict(
    cea=Hybrid(
        CEA_CLASSES,
        ('mafw11', 'dfew', 'mer24', 'iemocap', 'crema_d6', 'ravdess'),
        Recipe('ours: that of fine-tuning', epochs=50),
    ),
    mer=Hybrid(
        MER_CLASSES, ('casme3', 'mmew'), Recipe('ours: that of fine-tuning', 1, 32, epochs=50, frame_interval=0)
    ),
)


def hybrid_settings(kind: Literal['cea', 'mer'], base: Mapping) -> dict[str, Any]:
    """Return the settings of PSI on a hybrid of all clips of its members; see `hold_out_target`.

    Used like `target_settings`. There is no validation and no test: the last epoch counts.

    Args:
        kind: 'cea', 13 emotions with sound, or 'mer', 3 classes of micro-expressions without.
        base: The base config.
    """
    hybrid = HYBRIDS[kind]
    template = {k: v for k, v in base['train_dataloader']['dataset'].items() if k not in LIST_KEYS}
    parts = [aligned_list(get_card(name), hybrid.classes) for name in hybrid.members]
    no_loop = dict.fromkeys(f'{part}_{what}' for part in ('val', 'test') for what in ('dataloader', 'evaluator', 'cfg'))
    return dict(
        model=classifier(len(hybrid.classes), get_card(hybrid.members[0]).modalities),
        train_dataloader=dict(batch_size=hybrid.recipe.batch_size, dataset=concat(template, parts)),
        **no_loop,
        **schedule(hybrid.recipe),
        **KEPT,
        protocol=dict(stage='postpretrain'),
    )


def hold_out_target(dataset: Mapping, target: str) -> dict[str, Any]:
    """Return the config of a hybrid without the test data of a target.

    The target's training part replaces the members of its family. Its test part goes to `held_out`, so that the data
    set itself refuses clips and subjects that other lists share with it. The fold has to be set in the `split` of both.
    A hybrid without the target's family is unchanged.

    Args:
        dataset: Config of a ConcatClipDataset of members, such as `hybrid_settings` makes.
        target: Name of a card.

    Raises:
        ConfigError: The target does not exist, or its classes are not aligned with the hybrid's.
    """
    card = get_card(target)
    parts = dataset['datasets']
    if all(part.get('family') != card.family for part in parts):
        return dict(dataset)
    template = {key: value for key, value in parts[0].items() if key not in LIST_KEYS}
    own = aligned_list(card, parts[0]['metainfo']['classes'])
    split = list_config(card)['split']
    others = [part for part in parts if part.get('family') != card.family]
    return dict(
        dataset,
        datasets=[*others, dict(template, **own, split=dict(split, part='train'))],
        held_out=[dict(type='AVClipDataset', **own, split=dict(split, part='test'))],
    )


def aligned_list(card: Card, classes: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Return the data-set options for all clips of a target's list, in the classes of a hybrid.

    Raises:
        ConfigError: The target's classes are not aligned with these.
        ListError: The file with the target's classes does not exist.
    """
    config = list_config(card)
    del config['split']
    if tuple(classes) == MER_CLASSES == card.classes:
        return config
    if tuple(classes) != CEA_CLASSES or card.name not in CEA_ALIGNMENT:
        raise ConfigError(f'the classes of {card.name} are not aligned with {", ".join(classes)}')
    alignment = CEA_ALIGNMENT[card.name]
    if card.label_map:
        aligned = {own: name and alignment[name] for own, name in card.label_map.items()}
        labels: dict[str, Any] = dict(label_map=aligned)
    else:
        names = read_classes(card.classes or card.class_file)
        labels = dict(list_classes=names, label_map={name: alignment.get(name) for name in names})
    return dict(config, metainfo=dict(classes=list(classes)), **labels)
