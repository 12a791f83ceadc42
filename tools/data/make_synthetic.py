"""Make the synthetic audio-visual emotion set: `python tools/data/make_synthetic.py OUT`."""

import argparse
import os
from pathlib import Path

from mmavf.datasets.synthetic import SyntheticSettings, build_synthetic_set
from mmavf.errors import MMAVFError


def parse_args() -> argparse.Namespace:
    default = SyntheticSettings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out', type=Path, help='folder of the set; a set that was begun there is finished')
    parser.add_argument('--clips', type=int, default=default.clips, help='number of clips')
    parser.add_argument('--subjects', type=int, default=default.subjects, help='number of subjects')
    parser.add_argument('--seed', type=int, default=default.seed, help='seed of everything')
    parser.add_argument(
        '--seconds', type=float, nargs=2, default=default.seconds, metavar=('MIN', 'MAX'), help='length of a clip'
    )
    parser.add_argument('--size', type=int, default=default.size, help='height and width in pixels')
    parser.add_argument('--fps', type=int, default=default.fps, help='video frames per second')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='number of processes')
    parser.add_argument('--overwrite', action='store_true', help='replace a set made with other settings')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        settings = SyntheticSettings(args.clips, args.subjects, args.seed, tuple(args.seconds), args.size, args.fps)
        written = build_synthetic_set(args.out, settings, args.workers, args.overwrite)
    except MMAVFError as error:
        raise SystemExit(str(error)) from error
    print(f'{written} clips written to {args.out}, {settings.clips - written} were there already.')


if __name__ == '__main__':
    main()
