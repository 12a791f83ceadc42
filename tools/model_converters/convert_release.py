"""Convert a checkpoint between the released AVF-MAE++ parameter names and those of this package.

The direction is read off the names in SRC; pre-trained and fine-tuned models are both read. Of released HiCMAE and
MAE-DFER models the encoders are taken over, and what is left out is said. Released files are dictionaries with the
weights under `model` or `module`; this package's hold them under `state_dict`. Of the rest of the file only what says
which labelled data the weights were trained on is kept, under `meta`; optimizer and epoch stay behind.

Example: python tools/model_converters/convert_release.py avfmaepp_base.pth avfmae_b.pth
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import torch
from mmengine.logging import MMLogger
from mmengine.runner import save_checkpoint
from torch import Tensor

from mmavf.engine.safe_globals import load_from_local
from mmavf.errors import CheckpointError, MMAVFError
from mmavf.models.conversion import convert_encoders, convert_state_dict, is_related_model

WEIGHTS_KEYS = ('state_dict', 'model', 'module')
PAST_KEYS = ('protocol', 'origin')  # of this package's meta data; see mmavf.engine.provenance.labelled_past


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Return the weights of a checkpoint, whatever key they stand under, and what it says of their labelled past.

    Names come without the prefix of a parallel wrapper.

    Released checkpoints carry the command line as an argparse.Namespace, which is allowed here and nowhere else.

    Raises:
        CheckpointError: The file cannot be read, is not trusted, or holds no weights.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        content = load_from_local(str(path), map_location='cpu')
    if not isinstance(content, dict):
        raise CheckpointError(f'{path} holds a {type(content).__name__}, not a dictionary of weights')
    weights = next((content[key] for key in WEIGHTS_KEYS if isinstance(content.get(key), dict)), content)
    weights = {name.removeprefix('module.'): value for name, value in weights.items() if isinstance(value, Tensor)}
    if not weights:
        raise CheckpointError(f'{path} holds no weights under any of {", ".join(WEIGHTS_KEYS)}')
    meta = content.get('meta')
    return weights, {key: meta[key] for key in PAST_KEYS if key in meta} if isinstance(meta, dict) else {}


def convert(source: Path, destination: Path) -> str:
    """Convert a file; returns what was done and what was left out, for people.

    Raises:
        CheckpointError: The file cannot be read or its names are unknown.
    """
    weights, past = read_checkpoint(source)
    to_released = any(name.startswith('encoders.') for name in weights)
    left_out = []
    if is_related_model(weights):
        converted, left_out = convert_encoders(weights)
    else:
        converted = convert_state_dict(weights, to_released)
    content = {'model' if to_released else 'state_dict': converted, 'meta': past}
    save_checkpoint(content, str(destination), backend_args=dict(backend='atomic'))
    names = 'released names' if to_released else "this package's names"
    report = f'{len(converted)} tensors written to {destination} under {names}'
    if left_out:
        parts = Counter(name.split('.')[0] for name in left_out)
        listed = ', '.join(f'{part} ({count})' for part, count in parts.items())
        report += f'; {len(left_out)} left out, which have no counterpart here: {listed}'
    return report


def main() -> int:
    """Read the command line and convert; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='SRC', help='checkpoint to read')
    parser.add_argument('destination', type=Path, metavar='DST', help='checkpoint to write')
    args = parser.parse_args()
    logger = MMLogger.get_instance('mmavf')
    try:
        logger.info(convert(args.source, args.destination))
    except MMAVFError as error:
        logger.error(f'{type(error).__name__}: {error}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
