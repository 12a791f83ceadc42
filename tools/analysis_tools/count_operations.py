"""Count the operations that forward, loss and backward of a training step dispatch, in bfloat16 with fused attention.

    python tools/analysis_tools/count_operations.py configs/avfmae_h_pretrain.py
    python tools/analysis_tools/count_operations.py configs/avfmae_h_pretrain.py --by-name 20

Each is work for the processor that feeds a GPU, whatever the size of its tensors. Those that neither view nor allocate
are launched there, as one kernel or more. No value is computed, and no GPU is needed: the count is of the step as it
runs eagerly, without compiling and without graphs.
"""

import argparse
import sys

from mmavf.cli.options import add_config_options
from mmavf.cli.program import run_program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', help='pre-training config')
    parser.add_argument('--by-name', type=int, default=0, metavar='N', help='also show the N most frequent kernels')
    add_config_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the counts."""
    import operation_counter

    operation_counter.run(args)


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
