"""What a card must have, and whether it has it."""

import re
from collections.abc import Mapping
from typing import Any

from mmavf.errors import CheckpointError

SCHEMA = 1
TASKS = ('classification', 'regression', 'features')
FIELDS: dict[str, tuple[type, ...]] = dict(
    schema=(int,),
    mmavf_version=(str,),
    task=(str,),
    names=(list,),
    architecture=(dict,),
    preprocessing=(dict,),
    weights=(dict,),
    training=(dict,),
    metrics=(list,),
    calibration=(dict, type(None)),
    marginals=(dict, type(None)),
    contribution=(dict, type(None)),
    licence=(str, type(None)),
    origin=(str, type(None)),
)
_PARTS = dict(architecture=('model', 'imports', 'dtype'), preprocessing=('pipeline',), weights=('sha256',))


def check_card(card: Any, path: object) -> None:
    """Make sure that the content of a `model.json` is a card that this version can read.

    Args:
        card: What the file holds.
        path: The file, for messages.

    Raises:
        CheckpointError: It is not; says what is wrong.
    """
    if not isinstance(card, dict) or not isinstance(card.get('schema'), int):
        raise CheckpointError(f'{path} is no card of a published model: it has no number `schema`. {_ADVICE}')
    if card['schema'] > SCHEMA:
        raise CheckpointError(
            f'{path} is of schema {card["schema"]}, and this version of mmavf reads up to {SCHEMA}: it was written by '
            f'mmavf {card.get("mmavf_version", "of a later version")}. Install that version or a later one.'
        )
    wrong = [name for name, types in FIELDS.items() if name not in card or not isinstance(card[name], types)]
    wrong += [
        f'{name}.{key}' for name, keys in _PARTS.items() if name not in wrong for key in keys if key not in card[name]
    ]
    if wrong:
        raise CheckpointError(f'{path} lacks {", ".join(wrong)}, or has something else there. {_ADVICE}')
    if card['task'] not in TASKS or not all(isinstance(name, str) for name in card['names']):
        raise CheckpointError(f'{path}: task must be one of {", ".join(TASKS)}, and names a list of texts. {_ADVICE}')
    for part in ('weights', 'marginals'):
        if card[part] is not None and not re.fullmatch('[0-9a-f]{64}', str(card[part].get('sha256'))):
            raise CheckpointError(f'{path}: {part}.sha256 is no SHA-256. {_ADVICE}')


def check_outputs(card: Mapping[str, Any], state_dict: Mapping[str, Any], path: object) -> None:
    """Make sure that the head has as many outputs as the card has names.

    Raises:
        CheckpointError: It has not.
    """
    bias = state_dict.get('head.fc.bias')
    if bias is not None and len(bias) != len(card['names']):
        raise CheckpointError(
            f'{path} names {len(card["names"])} outputs ({", ".join(card["names"]) or "none"}), and the head of the '
            f'weights has {len(bias)}: the files are of two models. {_ADVICE}'
        )


_ADVICE = 'Get the folder again as it was published, or publish the checkpoint anew.'
