"""Write a report of runs as one HTML file: scores with intervals, confusion matrices, losses, pictures, comparison.

    mmavf report work_dirs/avfmae_b_mafw11
    mmavf report --row 'from scratch=DIR' --row 'pre-trained=DIR' --row 'pre-trained + PSI=DIR'

A work dir is that of one run or of a cross-validation. Rows with the same title are runs that differ by their seed.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mmavf.cli.program import UsageError

if TYPE_CHECKING:
    from mmavf.visualization.results import Results


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('work_dirs', nargs='*', type=Path, metavar='WORK_DIR', help='work dirs, titled by their name')
    parser.add_argument(
        '--row', action='append', default=[], type=named_path, metavar='TITLE=DIR', help='a work dir with a title'
    )
    parser.add_argument(
        '--picture', action='append', default=[], type=named_path, metavar='CAPTION=PNG', help='an additional picture'
    )
    parser.add_argument('--title', default='Evaluation report', help='heading of the page')
    parser.add_argument('--out', type=Path, default=Path('report.html'), help='the HTML file')


def named_path(text: str) -> tuple[str, Path]:
    """Split TITLE=PATH at the last `=`."""
    title, _, path = text.rpartition('=')
    if not title or not path:
        raise ArgumentTypeError(f'{text!r} is not of the form TITLE=PATH')
    return title, Path(path)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: There is nothing to report.
    """
    if not args.work_dirs and not args.row:
        raise UsageError('pass a WORK_DIR or --row TITLE=DIR')


def run(args: Namespace) -> None:
    """Write the page."""
    from mmavf.files.atomic_file import write_atomically
    from mmavf.visualization.report import comparison_text, make_report
    from mmavf.visualization.report_parts import read_picture

    pictures = [read_picture(path, caption) for caption, path in args.picture]
    rows = read_rows(args)
    page = make_report(rows, pictures, args.title)
    write_atomically(args.out, page)
    print(comparison_text(rows))
    print(f'{args.out}: {len(page) / 2**20:.1f} MiB. Open it in a browser.')


def read_rows(args: Namespace) -> dict[str, list['Results']]:
    """Read all work dirs; of work dirs with one name each is titled by its path."""
    from mmavf.visualization.results import read_results

    names = Counter(path.resolve().name for path in args.work_dirs)
    titled = [(path.resolve().name if names[path.resolve().name] == 1 else str(path), path) for path in args.work_dirs]
    rows: dict[str, list[Results]] = {}
    for title, path in [*titled, *args.row]:
        rows.setdefault(title, []).append(read_results(path))
    return rows
