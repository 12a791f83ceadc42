"""Memory of the data loader's workers over time: a list of mixed media, read again and again as in pre-training.

    python tools/analysis_tools/loader_memory.py --minutes 60

The media are made first: mp4, avi, mpg and webm videos, a folder of images with wav and with flac, a video with wav,
and one file that cannot be used. What counts is the memory that a worker shares with nobody; it is sampled every 10 s,
and the last line says by how much it grew over the last half of the run, by least squares. Linux only.
"""

import argparse
import sys

from mmavf.cli.program import run_program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('--minutes', type=float, default=60, help='duration of the run (default: 60)')
    parser.add_argument('--workers', type=int, default=2, help='processes of the loader (default: 2)')
    parser.add_argument('--every', type=float, default=10, help='seconds from one sample to the next (default: 10)')
    parser.add_argument('--copies', type=int, default=6, help='clips of each kind (default: 6)')


def run(args: argparse.Namespace) -> None:
    """Make the media, watch the workers, print their growth."""
    import worker_memory

    worker_memory.run(args)


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
