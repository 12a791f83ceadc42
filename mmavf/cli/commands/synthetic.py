"""Make the synthetic audio-visual emotion set."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.synthetic.settings import SyntheticSettings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    default = SyntheticSettings()
    parser.add_argument('out', type=Path, help='folder of the set; a set that was begun there is finished')
    for name, text in dict(
        clips='number of clips',
        subjects='number of subjects',
        seed='seed of everything',
        size='height and width in pixels',
        fps='video frames per second',
    ).items():
        parser.add_argument(
            f'--{name}', type=int, default=getattr(default, name), help=f'{text} (default: %(default)s)'
        )
    parser.add_argument(
        '--seconds',
        type=float,
        nargs=2,
        default=default.seconds,
        metavar=('MIN', 'MAX'),
        help='length of a clip (default: {:g} {:g})'.format(*default.seconds),
    )
    parser.add_argument(
        '--workers', type=int, default=len(os.sched_getaffinity(0)), help='processes (default: the cores)'
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a set made with other settings')


def run(args: Namespace) -> None:
    """Make the set, or finish it."""
    from mmavf.synthetic.builder import build_synthetic_set

    settings = SyntheticSettings(args.clips, args.subjects, args.seed, tuple(args.seconds), args.size, args.fps)
    written = build_synthetic_set(args.out, settings, args.workers, args.overwrite)
    print(f'{written} clips written to {args.out}, {settings.clips - written} were there already.')
