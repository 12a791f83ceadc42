"""Train and test on every fold.

Each fold is a run of its own in <work dir>/fold_<value>. Called again, finished folds are not run again and interrupted
ones continue. Ends with results.md and results.json in the work dir: scores per fold, their mean and standard
deviation, and the scores of all predictions pooled. Where single subjects are held out the pooled scores alone are the
result.
"""

import os.path as osp
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mmavf.cli.options import add_run_options, device_names
from mmavf.cli.program import UsageError
from mmavf.errors import ConfigError, MMAVFError

if TYPE_CHECKING:
    from mmavf.experiments.fold_runs import FoldRuns


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file of fine-tuning')
    parser.add_argument(
        '--folds', default='all', help='all (default), or the folds or subjects to hold out in turn: 1,2,3'
    )
    parser.add_argument('--work-dir', help='folder of all results (default: work_dirs/<config>)')
    parallel = parser.add_mutually_exclusive_group()
    parallel.add_argument('--devices', type=device_names, help='GPUs to use, one fold on each at a time: 0,1')
    parallel.add_argument('--jobs', type=int, default=1, help='folds at a time without --devices (default: 1)')
    add_run_options(parser)


def run(args: Namespace) -> None:
    """Run the folds, and write their results."""
    from mmavf.cli.config import read_config
    from mmavf.engine.work_dir import claim
    from mmavf.experiments.fold_results import write_results
    from mmavf.experiments.fold_runs import FoldRuns, fold_values
    from mmavf.stop_signals import GRACE_SEC, stops

    cfg = read_config(args)
    known = fold_values(cfg)
    folds = chosen_folds(args.folds, known)
    name = osp.splitext(osp.basename(args.config))[0]
    devices = args.devices or [None] * args.jobs
    runs = FoldRuns(cfg, Path(args.work_dir or osp.join('work_dirs', name)), devices)
    stops.grace_sec = 2 * GRACE_SEC  # the folds' processes end first
    stops.outcome = lambda: 'Run the same command again to continue.'
    claim(runs.work_dir)
    runs.prepare(folds)
    failed = run_folds(runs, folds)
    done = [fold for fold in folds if fold not in failed]
    results = runs.results(done, failed)
    results = dict(title=f'{name}: {len(done)} of {len(known)} folds', config=args.config, **results)
    print('\n' + write_results(results, runs.work_dir))
    print(f'Results are in {runs.work_dir}.')
    if failed:
        raise MMAVFError(
            f'{len(failed)} of {len(folds)} folds failed: {", ".join(failed)}. Run the command again to continue.'
        )


def check_arguments(args: Namespace) -> None:
    """Refuse options that do not go together with several folds.

    Raises:
        UsageError: Names the option.
    """
    if args.jobs < 1:
        raise UsageError('--jobs must be 1 or more')
    if args.fold is not None:
        raise UsageError('--fold is for one run; use --folds here')
    if args.launcher != 'none':
        raise UsageError('--launcher: each fold runs in one process; use --devices to run several folds at a time')


def chosen_folds(wanted: str, known: Sequence[str]) -> Sequence[str]:
    """Return those of the known folds that the command line names.

    Raises:
        ConfigError: There is no such fold.
    """
    if wanted == 'all':
        return known
    if wanted in known:  # a name may hold a comma
        return [wanted]
    folds = list(dict.fromkeys(wanted.split(',')))
    if unknown := [fold for fold in folds if fold not in known]:
        raise ConfigError(f'--folds: there is no {", ".join(unknown)}; choose from {", ".join(known)}.')
    return folds


def run_folds(runs: 'FoldRuns', folds: Sequence[str]) -> dict[str, str]:
    """Run the folds that are not finished; return why each one that failed did."""
    finished = [fold for fold in folds if runs.is_finished(fold)]
    if finished:
        print_progress(f'already done: {", ".join(finished)}')
    return runs.run([fold for fold in folds if fold not in finished], print_progress)


def print_progress(line: str) -> None:
    """Print a line with the time of day."""
    print(f'{datetime.now():%H:%M:%S}  {line}', flush=True)
