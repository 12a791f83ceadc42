"""Convert a checkpoint between released parameter names and those of this package.

Released models of AVF-MAE++, HiCMAE, MAE-DFER, SVFAP and VideoMAE (V1, V2) are recognised by their names, pre-trained
and fine-tuned ones; the direction follows from the names in SRC. Released files are dictionaries with the
weights under `model` or `module`; this package's hold them under `state_dict`; safetensors files are read, too. The
prefixes of DistributedDataParallel (module.) and torch.compile (_orig_mod.) are removed. Of the rest of the file only
the record of the labelled data that the weights were trained on is kept, under `meta`; optimizer and epoch are not.
For a released fine-tuned file, the target and fold that its path names are printed.

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

    done = convert_file(args.source, args.destination)
    print(done.sentence)
    if done.num_outputs:
        print(trained_for(args.source, done.num_outputs))


def trained_for(source: Path, num_classes: int) -> str:
    """Return a sentence on the target and fold that the name of a fine-tuned file stands for."""
    from mmavf.datasets.targets.named_in_path import targets_in_path

    targets = targets_in_path(source, num_classes)
    if not targets:
        return f'It has a head of {num_classes} outputs; its path names no target data set with so many classes.'
    names = ' or '.join(target.name for target in targets)
    fold = targets[0].fold
    if not fold:
        return f'Its path names {names}, but no fold: test it only on the fold that it was not trained on.'
    return (
        f'Its path names {names}, fold {fold}: test it on that fold only (--fold {fold}). The file itself does not say.'
    )
