"""Files of released checkpoints, converted to this package's names and back."""

import argparse
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.checkpoints.weights import as_checkpoint
from mmavf.errors import CheckpointError, ConfigError
from mmavf.files.atomic_file import check_writable, replacing

from .families import convert_state_dict, find_family

# of this package's meta data: see mmavf.protocol.provenance.training_lineage; and the path of a released file, which is
# all that tells its target and fold
PAST_KEYS = ('protocol', 'origin', 'converted_from')


class Conversion(NamedTuple):
    """What converting a file did.

    Attributes:
        sentence: What was written where.
        family: The method.
        num_outputs: Outputs of the head of a released fine-tuned file; 0 for other files.
    """

    sentence: str
    family: str
    num_outputs: int


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Return the weights of a checkpoint, whatever their key, and what it says of the labelled data behind them.

    Names come without the prefixes of wrappers. Released checkpoints carry the command line as an argparse.Namespace,
    which is allowed here and nowhere else.

    Raises:
        CheckpointError: The file cannot be read, is not trusted, or holds no weights or some that are not finite.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        content = load_from_local(str(path), map_location='cpu')
    checkpoint = as_checkpoint(content, str(path))
    weights = {name: value for name, value in checkpoint['state_dict'].items() if isinstance(value, Tensor)}
    return weights, {key: checkpoint['meta'][key] for key in PAST_KEYS if key in checkpoint['meta']}


def check_destination(source: Path, destination: Path) -> None:
    """Make sure, before anything is read, that the result can be written, and not over what it is made of.

    Raises:
        ConfigError: It cannot, or both are one file, also by a link.
    """
    if destination.exists() and source.exists() and destination.samefile(source):
        raise ConfigError(f'DST {destination} is SRC itself, which would be lost: choose another name.')
    check_writable(destination)


def convert_file(source: Path, destination: Path) -> Conversion:
    """Convert a file from released names to this package's, or back.

    Raises:
        CheckpointError: The file cannot be read or its names are unknown.
        ConfigError: See `check_destination`.
    """
    check_destination(source, destination)
    weights, past = read_checkpoint(source)
    to_released = any(name.startswith('encoders.') for name in weights)
    try:
        converted = convert_state_dict(weights, to_released)
    except CheckpointError as error:
        raise CheckpointError(f'{source}: {error}') from error
    family = find_family(converted, not to_released)
    if not to_released and not past:
        past['converted_from'] = Path(*source.absolute().parts[-3:]).as_posix()
    content = {'model' if to_released else 'state_dict': converted, 'meta': past}
    with replacing(destination) as temporary:
        torch.save(content, temporary)
    names = 'released names' if to_released else "this package's names"
    sentence = f'{family.name}: {len(converted)} tensors written to {destination} under {names}'
    head = None if to_released else weights.get('head.weight', weights.get('backbone.head.weight'))
    return Conversion(sentence, family.name, 0 if head is None or not head.ndim else len(head))
