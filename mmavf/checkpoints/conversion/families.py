"""Methods with released weights, told apart by the names of their parameters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from mmavf.errors import CheckpointError

from .avfmae_names import AVFMAE
from .baseline_names import (
    HICMAE,
    MAE_DFER_FINETUNED,
    MAE_DFER_PRETRAINED,
    SVFAP_FINETUNED,
    SVFAP_PRETRAINED,
    VIDEOMAE_FINETUNED,
    VIDEOMAE_PRETRAINED,
)
from .name_table import NameTable

_SHOWN = 10


@dataclass(frozen=True)
class Marks:
    """Regular expressions by which the names of a method's parameters are known.

    Attributes:
        some: At least one name matches one of them.
        none: No name matches any of them.
    """

    some: tuple[str, ...]
    none: tuple[str, ...] = ()

    def fit(self, names: Iterable[str]) -> bool:
        """Return whether the names are the method's."""
        names = list(names)
        return _any_matches(self.some, names) and not _any_matches(self.none, names)


@dataclass(frozen=True)
class Family:
    """A method with released weights.

    Attributes:
        name: Of the method, as its paper has it.
        released: Marks of its released names.
        ours: Marks of the names that this package gives its parameters.
        pretrained: Names of its pre-trained models.
        finetuned: Names of its fine-tuned models.
    """

    name: str
    released: Marks
    ours: Marks
    pretrained: NameTable
    finetuned: NameTable

    def to_ours(self, name: str) -> str:
        """Return this package's name of a released parameter of either stage.

        Raises:
            KeyError: The method has no such parameter.
        """
        try:
            return self.pretrained.to_ours(name)
        except KeyError:
            return self.finetuned.to_ours(name)


_FIRST_STAGE = r'blocks\.\d+\.first_attn\.'
_FAMILIES = [
    Family(
        'AVF-MAE++',
        Marks((r'\.fourth_attn', r'Iterative_Refinement_Module')),
        Marks((r'\.stage4\.', r'^correlation\.refinement\.')),
        AVFMAE,
        AVFMAE,
    ),
    Family(
        'HiCMAE',
        Marks(
            (r'^encoder_fusion\.blocks_audio\.', r'^encoder_audio\.blocks\.\d+\.attn\.qkv'), (r'Iterative_Refinement',)
        ),
        Marks((r'^correlation\.units\.\d+\.video\.cross_attn\.',)),
        HICMAE,
        HICMAE,
    ),
    Family(
        'MAE-DFER',
        Marks((_FIRST_STAGE,), (r'\.fourth_attn', r'^encoder_audio\.')),
        Marks((r'\.stage1\.',), (r'\.stage4\.', r'^encoders\.audio\.')),
        MAE_DFER_PRETRAINED,
        MAE_DFER_FINETUNED,
    ),
    Family(
        'SVFAP',
        Marks((r'(^|\.)temporal_downsamples\.',)),
        Marks((r'^encoders\.video\.temporal\.',)),
        SVFAP_PRETRAINED,
        SVFAP_FINETUNED,
    ),
    Family(
        'VideoMAE',
        Marks(
            (r'^(encoder\.)?blocks\.\d+\.attn\.qkv',),
            (r'^encoder_(audio|fusion)\.', r'blocks\.\d+\.cross_attn', r'temporal_downsamples', _FIRST_STAGE),
        ),
        Marks(
            (r'^encoders\.video\.blocks\.\d+\.self_attn\.',),
            (r'^encoders\.audio\.', r'^encoders\.video\.temporal\.', r'^correlation\.'),
        ),
        VIDEOMAE_PRETRAINED,
        VIDEOMAE_FINETUNED,
    ),
]


def register_family(family: Family) -> None:
    """Add a method of a plugin, so that its files are recognised like those of the five methods known here.

    Raises:
        ValueError: There is one of that name.
    """
    if family.name in family_names():
        raise ValueError(f'there is already a family {family.name!r} of released weights')
    _FAMILIES.append(family)


def family_names() -> list[str]:
    """Return the names of the methods whose released weights are recognised."""
    return [family.name for family in _FAMILIES]


def find_family(names: Iterable[str], to_released: bool = False) -> Family:
    """Return the method that parameters belong to.

    Args:
        names: Released names, or with `to_released` this package's.
        to_released: Which of the two.

    Raises:
        CheckpointError: No method has such names, or more than one.
    """
    names = list(names)
    found = [family for family in _FAMILIES if (family.ours if to_released else family.released).fit(names)]
    if len(found) == 1:
        return found[0]
    if found:
        both = ' and '.join(family.name for family in found)
        raise CheckpointError(f'the weights have names of {both} at once: the file mixes two models, or parts of them.')
    side = "this package's" if to_released else 'the released'
    raise CheckpointError(
        f'{len(names)} weights have {side} names of none of {", ".join(family_names())}: {_listed(names)}.'
    )


def convert_state_dict(state: Mapping[str, Tensor], to_released: bool = False) -> dict[str, Tensor]:
    """Rename a state dict of a released method at any stage; tensors are passed on as they are.

    Args:
        state: Tensors by released names, or by this package's names with `to_released`. Released names may begin with
            `backbone.`.
        to_released: Direction.

    Raises:
        CheckpointError: The method cannot be told (see `find_family`), or it does not have some of the names.
    """
    if not to_released:
        state = {name.removeprefix('backbone.'): tensor for name, tensor in state.items()}
    family = find_family(state, to_released)
    finetuned = any(name.startswith('head.') for name in state)
    rename = (family.finetuned if finetuned else family.pretrained).to_released if to_released else family.to_ours
    converted, unknown = {}, []
    for name, tensor in state.items():
        try:
            converted[rename(name)] = tensor
        except KeyError:
            unknown.append(name)
    if unknown:
        raise CheckpointError(
            f'{len(unknown)} of {len(state)} names are not of a released {family.name} model: {_listed(unknown)}. '
            'A model with parts that the release lacks (own_norms=True of the refinement) has no released form.'
        )
    return converted


def _any_matches(patterns: Iterable[str], names: list[str]) -> bool:
    return any(re.search(pattern, name) for pattern in patterns for name in names)


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ', '.join(names[:_SHOWN]) + (f' and {more} more' if more > 0 else '')
