"""Speed of a pre-training step next to another writing of the same model, in turn in one process.

The other writing is the plain one of plain_models.py (boolean-mask indexing, attention as two products), or with
`--transformers` the VideoMAEForPreTraining of the package of that name, which has to be installed. The ratio is the
median over the rounds of the other's time over ours in the same round: other work on the machine slows both.

Examples:
    python tools/analysis_tools/compare_speed.py projects/hicmae/configs/hicmae_b_pretrain.py --batch-size 4 8
    python tools/analysis_tools/compare_speed.py projects/videomae/configs/videomae_v2_b_pretrain_224.py \
        --transformers --cfg-options model.masker.decoder=None
"""

import argparse
import sys

from mmavf.cli.options import add_config_options, add_device_option
from mmavf.cli.program import run_program

DTYPES = ('fp32', 'bf16')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', help='pre-training config of HiCMAE, SVFAP or VideoMAE')
    parser.add_argument('--transformers', action='store_true', help='compare VideoMAE with the one of transformers')
    parser.add_argument('--batch-size', type=int, nargs='+', default=[4], help='clips per step (default: 4)')
    parser.add_argument('--dtype', nargs='+', choices=DTYPES, default=list(DTYPES), help='default: both')
    add_device_option(parser)
    parser.add_argument(
        '--cpu-time',
        action='store_true',
        help='take the seconds that the process computed, summed over threads, instead of those that went by: for a '
        'processor that is shared with other work',
    )
    parser.add_argument('--rounds', type=int, default=9, help='measured rounds after 1 for warm-up (default: 9)')
    add_config_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print one JSON line per batch size and precision."""
    import other_writings

    other_writings.run(args)


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
