"""Train and test on every fold: `python tools/cross_validate.py CONFIG --folds all`.

Each fold is a run of its own in <work dir>/fold_<value>. Called again, finished folds are not run again and interrupted
ones go on. Ends with results.md and results.json in the work dir: scores per fold, their mean and standard deviation,
and the scores of all predictions pooled. Where single subjects are held out the pooled scores alone are the result.
"""

import argparse
import os.path as osp
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mmavf.cli.run import add_run_options, read_config, run_command
from mmavf.engine.stop_signals import GRACE_SEC, stops
from mmavf.engine.work_dir import keep
from mmavf.errors import ConfigError, MMAVFError
from mmavf.experiments.fold_results import collect, write_results
from mmavf.experiments.fold_runs import FoldRuns, config_hash, fold_values
from mmavf.protocol.protocol import result_over_folds


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of fine-tuning')
    parser.add_argument(
        '--folds', default='all', help='all (default), or the folds or subjects to hold out in turn: 1,2,3'
    )
    parser.add_argument('--work-dir', help='where everything goes (default: work_dirs/<config>)')
    parallel = parser.add_mutually_exclusive_group()
    parallel.add_argument('--devices', help='GPUs to use, one fold on each at a time: 0,1')
    parallel.add_argument('--jobs', type=int, default=1, help='folds at a time where no devices are given (default: 1)')
    add_run_options(parser)
    args = parser.parse_args()
    if args.jobs < 1:
        parser.error('--jobs must be 1 or more')
    if args.fold is not None:
        parser.error('--fold is for one run; here it is --folds')
    if args.launcher != 'none':
        parser.error('--launcher: each fold runs in one process; use --devices to run several folds at a time')
    return args


def chosen_folds(wanted: str, known: Sequence[str]) -> Sequence[str]:
    """Return those of the known folds that the command line names.

    Raises:
        ConfigError: There is no such fold.
    """
    if wanted == 'all':
        return known
    folds = list(dict.fromkeys(wanted.split(',')))
    if unknown := [fold for fold in folds if fold not in known]:
        raise ConfigError(f'--folds: there is no {", ".join(unknown)}, but {", ".join(known)}.')
    return folds


def tell(line: str) -> None:
    print(f'{datetime.now():%H:%M:%S}  {line}', flush=True)


def cross_validate(args: argparse.Namespace) -> None:
    cfg = read_config(args)
    known = fold_values(cfg)
    folds = chosen_folds(args.folds, known)
    name = osp.splitext(osp.basename(args.config))[0]
    devices = args.devices.split(',') if args.devices else [None] * args.jobs
    runs = FoldRuns(cfg, Path(args.work_dir or osp.join('work_dirs', name)), Path(__file__).parent, devices)
    stops.grace_sec = 2 * GRACE_SEC  # the folds' processes end first
    stops.outcome = lambda: 'Give the same command again: it goes on.'
    keep(runs.work_dir)
    runs.prepare(folds)
    finished = [fold for fold in folds if runs.is_finished(fold)]
    if finished:
        tell(f'already done: {", ".join(finished)}')
    failed = runs.run([fold for fold in folds if fold not in finished], tell)
    done = {fold: runs.test_folder(fold) for fold in folds if fold not in failed}
    empty = dict(folds={}, spread={}, pooled={}, result=None, parts={}, lists={})
    results = dict(
        title=f'{name}: {len(done)} of {len(known)} folds',
        config=args.config,
        config_hash=config_hash(cfg),
        protocol=cfg.protocol.to_dict(),
        failed=failed,
        **(collect(done, cfg.test_evaluator, result_over_folds(cfg)) if done else empty),
    )
    print('\n' + write_results(results, runs.work_dir))
    print(f'Results are in {runs.work_dir}.')
    if failed:
        raise MMAVFError(f'{len(failed)} of {len(folds)} folds failed: {", ".join(failed)}. Call again to go on.')


def main() -> int:
    return run_command(cross_validate, parse_args())


if __name__ == '__main__':
    sys.exit(main())
