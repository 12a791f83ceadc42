"""Train and test variants of a config, and compare them: variants × seeds × folds.

A YAML file names the variants (docs/evaluation.md, projects/ablations). Each run is in
<work dir>/<variant>/seed_<seed>/fold_<fold>. Called again, finished runs are not run again, interrupted ones continue.
Ends with ablation.md, ablation.json and report.html in the work dir: scores of the variants with intervals, and their
differences from the first variant on the same resampled clips, next to the paper's figures.

    mmavf ablate projects/ablations/demo.yml --jobs 2
    mmavf ablate projects/ablations/table5.yml --devices 0,1,2,3 --seeds 0
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.commands.cross_validate import chosen_folds, print_progress
from mmavf.cli.options import device_names
from mmavf.cli.program import UsageError
from mmavf.errors import MMAVFError

if TYPE_CHECKING:
    from mmavf.experiments.ablation_file import Ablation
    from mmavf.experiments.ablation_runs import AblationRuns


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('file', type=Path, help='YAML file with the variants')
    parser.add_argument(
        '--folds', help='folds or subjects to hold out in turn: all, or 1,2,3 (default: as in the file)'
    )
    parser.add_argument('--seeds', help='seeds: 0,1,2 (default: as in the file)')
    parser.add_argument('--work-dir', type=Path, help='folder of all results (default: work_dirs/<name of the file>)')
    parser.add_argument(
        '--stages-dir',
        type=Path,
        help='folder of pre-trainings, which several ablations may share (default: <work dir>/stages)',
    )
    parallel = parser.add_mutually_exclusive_group()
    parallel.add_argument('--devices', type=device_names, help='GPUs to use, one run on each at a time: 0,1')
    parallel.add_argument('--jobs', type=int, default=1, help='runs at a time without --devices (default: 1)')
    parser.add_argument(
        '--dry-run', action='store_true', help='check everything and list the runs, without running any'
    )


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: Names the option.
    """
    if args.jobs < 1:
        raise UsageError('--jobs must be 1 or more')
    if args.seeds is not None and not all(seed.isdecimal() for seed in args.seeds.split(',')):
        raise UsageError(f'--seeds must be whole numbers separated by commas, not {args.seeds}')


def run(args: Namespace) -> None:
    """Run the variants, and write their report."""
    from mmavf.engine.work_dir import claim
    from mmavf.experiments.ablation_runs import AblationRuns
    from mmavf.stop_signals import GRACE_SEC, stops

    ablation, folds = read_file(args)
    work_dir = args.work_dir or Path('work_dirs') / args.file.stem
    devices = args.devices or [None] * args.jobs
    runs = AblationRuns(ablation, folds, work_dir, devices, args.stages_dir)
    if args.dry_run:
        print('\n'.join(runs.listing()))
        return
    stops.grace_sec = 2 * GRACE_SEC  # the runs' processes end first
    stops.outcome = lambda: 'Run the same command again to continue.'
    claim(work_dir)
    runs.prepare()
    finished, total = runs.count_finished()
    print_progress(f'{finished} of {total} runs already done')
    failed = runs.run(print_progress)
    print('\n' + write_report(ablation, runs, failed))
    if failed:
        raise MMAVFError(f'{len(failed)} runs failed: {"; ".join(failed)}. Run the command again to continue.')


def read_file(args: Namespace) -> tuple['Ablation', list[str]]:
    """Read and check the file; return it with the seeds that the command line chooses, and the folds.

    Raises:
        ConfigError: It cannot be used, or there is no such fold.
    """
    from mmavf.experiments.ablation_configs import check_ablation
    from mmavf.experiments.ablation_file import read_ablation

    ablation = read_ablation(args.file)
    if args.seeds is not None:
        ablation = replace(ablation, seeds=tuple(dict.fromkeys(map(int, args.seeds.split(',')))))
    known = check_ablation(ablation)
    wanted = args.folds or ('all' if ablation.folds is None else ','.join(ablation.folds))
    return ablation, list(chosen_folds(wanted, known))


def write_report(ablation: 'Ablation', runs: 'AblationRuns', failed: Mapping[str, str]) -> str:
    """Write the results of each variant and seed, and what compares them; return the Markdown."""
    from mmavf.experiments.ablation_report import write_ablation

    results: dict[str, Any] = dict(title=ablation.title, paper=ablation.paper, **runs.results(failed))
    text = write_ablation(results, runs.work_dir)
    page = write_page(ablation, runs)
    return f'{text}\nResults are in {runs.work_dir}' + (f'; open {page} in a browser.' if page else '.')


def write_page(ablation: 'Ablation', runs: 'AblationRuns') -> Path | None:
    """Write report.html about all runs that are finished; return its path, None where there are none."""
    from mmavf.files.atomic_file import write_atomically
    from mmavf.visualization.report import make_report
    from mmavf.visualization.results import read_results

    rows: dict[str, list] = {}
    for planned in runs.variants:
        if any(planned.runs.is_finished(fold) for fold in runs.folds):
            rows.setdefault(planned.variant.name, []).append(read_results(planned.runs.work_dir))
    if not rows:
        return None
    path = runs.work_dir / 'report.html'
    write_atomically(path, make_report(rows, title=ablation.title))
    return path
