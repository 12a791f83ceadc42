"""Size and reading speed of the same face clips, stored in every way that data can be prepared.

    python tools/analysis_tools/pack_benchmark.py
    python tools/analysis_tools/pack_benchmark.py --media FOLDER_OF_VIDEOS --repeats 5
    python tools/analysis_tools/pack_benchmark.py --against 98d4488 --clips 16 --repeats 9

Without --media drawn faces are used. Each video's middle square is scaled to --size pixels and played forwards and
backwards until the clip is --seconds long. The ways are measured in turn, so that other load affects all of them alike.

warm: processor time of one process with the files in memory. cold: elapsed time of one process after asking the system
to drop the contents of the files from memory (posix_fadvise, after fsync); it keeps their names and locations.

With --against both builds read the same clips in turn, in two processes that are alive at the same time, and have to
read the same frames and samples bit for bit. A ratio is the other build's processor time over this one's in the same
round, above 1 where this build is faster; figures are quartiles over the rounds.
"""

import argparse
import sys
from pathlib import Path

from mmavf.cli.program import run_program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('--media', type=Path, help='folder of videos with sound to make the clips of')
    parser.add_argument('--clips', type=int, default=48, help='clips (default: 48)')
    parser.add_argument('--seconds', type=float, default=10.0, help='length of a clip (default: 10)')
    parser.add_argument('--size', type=int, default=160, help='side of the frames, pixels (default: 160)')
    parser.add_argument(
        '--repeats',
        type=int,
        default=5,
        help='turns; the best counts, cold the median (default: 5); with --against the quartiles count',
    )
    parser.add_argument('--against', metavar='COMMIT', help='compare with this commit')
    parser.add_argument(
        '--folder', type=Path, help='where the clips are made and removed (default: the temporary folder)'
    )


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    import storage_benchmark

    storage_benchmark.run(args)


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
