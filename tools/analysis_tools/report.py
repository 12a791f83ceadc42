"""Write a report of runs as one HTML file: scores with intervals, confusion matrices, losses, pictures, comparison.

    python tools/analysis_tools/report.py work_dirs/avfmae_b_mafw11
    python tools/analysis_tools/report.py --row 'from scratch=DIR' --row 'pre-trained=DIR' --row 'pre-trained + PSI=DIR'

A work dir is that of one run or of a cross-validation. Rows with the same title are runs that differ by their seed.
"""

import argparse
from collections import Counter
from pathlib import Path

from mmavf.errors import MMAVFError
from mmavf.files.atomic_file import write_atomically
from mmavf.visualization.report import make_report
from mmavf.visualization.report_parts import read_picture
from mmavf.visualization.results import Results, read_results


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dirs', nargs='*', type=Path, metavar='WORK_DIR', help='work dirs, titled by their name')
    parser.add_argument(
        '--row', action='append', default=[], type=named_path, metavar='TITLE=DIR', help='a work dir with a title'
    )
    parser.add_argument(
        '--picture', action='append', default=[], type=named_path, metavar='CAPTION=PNG', help='a further picture'
    )
    parser.add_argument('--title', default='Evaluation report', help='heading of the page')
    parser.add_argument('--out', type=Path, default=Path('report.html'), help='the HTML file')
    args = parser.parse_args()
    if not args.work_dirs and not args.row:
        parser.error('give a WORK_DIR or --row TITLE=DIR')
    return args


def named_path(text: str) -> tuple[str, Path]:
    """Split TITLE=PATH at the last `=`."""
    title, _, path = text.rpartition('=')
    if not title or not path:
        raise argparse.ArgumentTypeError(f'{text!r} is not of the form TITLE=PATH')
    return title, Path(path)


def read_rows(args: argparse.Namespace) -> dict[str, list[Results]]:
    """Read all work dirs; of work dirs with one name each is titled by its path."""
    names = Counter(path.resolve().name for path in args.work_dirs)
    titled = [(path.resolve().name if names[path.resolve().name] == 1 else str(path), path) for path in args.work_dirs]
    rows: dict[str, list[Results]] = {}
    for title, path in [*titled, *args.row]:
        rows.setdefault(title, []).append(read_results(path))
    return rows


def main() -> None:
    args = parse_args()
    try:
        pictures = [read_picture(path, caption) for caption, path in args.picture]
        page = make_report(read_rows(args), pictures, args.title)
    except MMAVFError as error:
        raise SystemExit(f'{type(error).__name__}: {error}') from error
    write_atomically(args.out, page)
    print(f'{args.out}: {len(page) / 2**20:.1f} MiB. Open it in a browser.')


if __name__ == '__main__':
    main()
