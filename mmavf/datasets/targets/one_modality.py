"""Settings that leave one of two modalities of a base config."""

from collections.abc import Mapping
from typing import Any

from .settings import LOADERS, Modality, without_others

# The steps that read and change each.
STEPS = dict(
    video=('ReadFrames', 'mmaction.Resize', 'mmaction.CenterCrop', 'mmaction.Flip'),
    audio=('ReadAudio', 'RandomGain', 'LogMel'),
)


def one_modality(base: Mapping, modality: Modality) -> dict[str, Any]:
    """Return the settings of a model of one modality, whose pipelines neither open nor read the other.

    Args:
        base: The base config, `_base_`, of both; its pipelines begin with `OpenClip`.
        modality: 'video' or 'audio'.
    """
    return dict(model=without_others([modality]), **one_modality_loaders(base, modality))


def one_modality_loaders(base: Mapping, modality: Modality) -> dict[str, Any]:
    """Return the settings of a base config's loaders, whose pipelines neither open nor read the other modality.

    Args:
        base: The base config, `_base_`, of both; its pipelines begin with `OpenClip`.
        modality: 'video' or 'audio'.
    """
    left_out = {step for other, steps in STEPS.items() if other != modality for step in steps}
    settings: dict[str, Any] = {}
    for loader in (loader for loader in LOADERS if loader in base):
        opening, *steps = base[loader]['dataset']['pipeline']
        kept = [dict(step) for step in steps if step['type'] not in left_out]
        settings[loader] = dict(dataset=dict(pipeline=[dict(opening, modalities=(modality,)), *kept]))
    return settings
