"""Convert a checkpoint between the released AVF-MAE++ parameter names and those of this package.

The direction follows from the names in SRC; pre-trained and fine-tuned models are both read. Of released HiCMAE and
MAE-DFER models the encoders are converted, and what is left out is listed. Released files are dictionaries with the
weights under `model` or `module`; this package's hold them under `state_dict`; safetensors files are read, too. The
prefixes of DistributedDataParallel (module.) and torch.compile (_orig_mod.) are removed. Of the rest of the file only
the record of the labelled data that the weights were trained on is kept, under `meta`; optimizer and epoch are not.

Example: mmavf convert avfmaepp_base.pth avfmae_b.pth
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('source', type=Path, metavar='SRC', help='checkpoint to read')
    parser.add_argument('destination', type=Path, metavar='DST', help='checkpoint to write')


def run(args: Namespace) -> None:
    """Convert, and print what was done."""
    from mmavf.checkpoints.conversion.release_file import convert_file

    print(convert_file(args.source, args.destination))
