"""Speed of a training step: clips/s, TFLOP/s, its share of the device's own matrix rate, and peak memory.

A step is forward, loss and backward on random clips, with `--optimizer` also the update. The operations are counted,
not assumed (three times the forward pass). The matrix rate is that of large square products on the same device, the
mean of right before and right after the steps, because the speed of shared and of warm machines changes within minutes.
So shares and ratios carry over between machines; seconds do not.

`--loader` measures the data loader instead: clips/s per core, next to bare decoding of the same frames.
`--against COMMIT` compares a whole step, or with `--forward` a forward pass, with that of another commit.
`--engines` compares what can compute the forward pass of a fine-tuned model on the CPU: PyTorch, OpenVINO.
`--seek CLIP` measures how long reading at the end of a file of 30 minutes takes, compared with its beginning.

Examples:
    python tools/analysis_tools/benchmark.py configs/avfmae_b_pretrain.py --batch-size 4 8
    python tools/analysis_tools/benchmark.py configs/avfmae_h_pretrain.py --batch-size 100 --dtype bf16 --optimizer \
        --graph --compile LGIBlock ViTBlock CrossBlock CrossSelfBlock
    python tools/analysis_tools/benchmark.py configs/avfmae_b_pretrain.py --against HEAD~1 --batch-size 8 --dtype bf16
    python tools/analysis_tools/benchmark.py --loader
    python tools/analysis_tools/benchmark.py --seek clip.mp4
"""

import argparse
import sys

from mmavf.cli.options import add_config_options
from mmavf.cli.program import UsageError, run_program

DTYPES = ('fp32', 'bf16')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all measurements."""
    _add_step_arguments(parser)
    add_config_options(parser)
    parser.add_argument('--engines', action='store_true', help='compare PyTorch with OpenVINO; config: a fine-tuning')
    parser.add_argument('--loader', action='store_true', help='measure the data loader instead of a step')
    _add_build_arguments(parser.add_argument_group('next to another commit'))
    _add_loader_arguments(parser.add_argument_group('with --loader'))
    _add_seek_arguments(parser.add_argument_group('reading at the end of a long file'))


def _add_step_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'config', nargs='?', default='configs/avfmae_b_pretrain.py', help='pre-training model (default: Base)'
    )
    parser.add_argument('--batch-size', type=int, nargs='+', default=[4], help='clips per step (default: 4)')
    parser.add_argument('--dtype', nargs='+', choices=DTYPES, default=list(DTYPES), help='default: both')
    parser.add_argument(
        '--float32-precision',
        choices=('highest', 'high', 'medium'),
        default='highest',
        help='torch.set_float32_matmul_precision, for the steps and the matrix rate (default: highest)',
    )
    parser.add_argument('--device', help='default: the GPU if there is one, else cpu')
    parser.add_argument('--steps', type=int, default=10, help='measured steps after 2 for warm-up (default: 10)')
    parser.add_argument('--optimizer', action='store_true', help='include the update of the weights by fused AdamW')
    parser.add_argument('--graph', action='store_true', help='then repeat steps by a CUDA graph (on a GPU)')
    parser.add_argument(
        '--compile', nargs='+', default=[], metavar='CLASS', help='then compile blocks: LGIBlock ViTBlock'
    )
    parser.add_argument('--checkpointing', action='store_true', help='recompute activations (with_cp)')


def _add_build_arguments(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument('--against', metavar='COMMIT', help='compare with this commit, on the CPU')
    parser.add_argument('--forward', action='store_true', help='the forward pass of a fine-tuned model, not a step')
    parser.add_argument('--rounds', type=int, default=9, help='measured rounds after 2 for warm-up (default: 9)')


def _add_loader_arguments(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument('--clips', type=int, default=24, help='clips to make, at least 24 (default: 24)')
    parser.add_argument('--size', type=int, default=160, help='side of the frames to make, pixels (default: 160)')
    parser.add_argument('--repeats', type=int, default=5, help='runs, of which the best counts (default: 5)')
    parser.add_argument('--ann-file', help='measure this list of your own instead')
    parser.add_argument('--data-root', default='', help='folder that the paths of --ann-file are relative to')


def _add_seek_arguments(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument('--seek', metavar='CLIP', help='measure reading at the end of a long file made of this clip')
    parser.add_argument('--seek-minutes', type=float, default=30, help='length of the file (default: 30)')
    parser.add_argument('--seek-repeats', type=int, default=9, help='readings of each window (default: 9)')


def run(args: argparse.Namespace) -> None:
    """Measure the step, the loader, seeking, or the difference between engines or to another commit.

    Raises:
        UsageError: Two of them are asked for.
    """
    chosen = [f'--{mode}' for mode in ('loader', 'engines', 'seek', 'against') if getattr(args, mode)]
    if len(chosen) > 1:
        raise UsageError(f'{" and ".join(chosen)} are measured by commands of their own')
    if args.loader:
        import loader_benchmark as benchmark
    elif args.engines:
        import engine_benchmark as benchmark
    elif args.seek:
        import seek_benchmark as benchmark
    elif args.against:
        import build_benchmark as benchmark
    else:
        import step_benchmark as benchmark
    benchmark.run(args)


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
