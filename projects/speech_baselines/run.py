"""Score features that need no training, and linear classifiers, on the folds of a config; compare a model with them.

    python -m projects.speech_baselines.run CONFIG
    python -m projects.speech_baselines.run CONFIG --compare work_dirs/mine --fuse compare

CONFIG is one that `mmavf cross-validate` takes: its lists, classes, folds and metric are used, its model is not. Each
feature set gets a folder with a test per fold, as `mmavf cross-validate` writes it, which `mmavf report` reads. With
--compare, the folders of cross-validations of the same folds, all are scored on the same resamples of speakers.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from mmavf.cli.options import add_config_options
from mmavf.cli.program import UsageError, run_program

SETS = ('egemaps', 'compare', 'log-mel')


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', help='config of fine-tuning')
    parser.add_argument('--features', nargs='+', choices=SETS, default=list(SETS), help='feature sets (default: all)')
    parser.add_argument('--folds', default='all', help='folds or subjects to hold out: all (default), or 1,2,3')
    parser.add_argument('--out', type=Path, help='folder of the results (default: work_dirs/<config>_baselines)')
    parser.add_argument(
        '--compare', nargs='+', type=Path, default=[], metavar='RUN', help='folders of cross-validations'
    )
    parser.add_argument(
        '--fuse', choices=SETS, help='average the probabilities of each RUN with those of this set, too'
    )
    add_config_options(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: `--fuse` has nothing to fuse, or a RUN is named twice.
    """
    if len({path.resolve() for path in args.compare}) < len(args.compare):
        raise UsageError('--compare names a folder twice')
    if args.fuse is not None and (not args.compare or args.fuse not in args.features):
        raise UsageError('--fuse needs --compare RUN, and its set among --features')


def run_titles(paths: Sequence[Path]) -> dict[str, Path]:
    """Return folders of cross-validations by the titles of their rows: the name, with its folder where it is taken."""
    folders = [path.resolve() for path in paths]
    names = Counter([*SETS, *(folder.name for folder in folders)])
    titles = {}
    for folder in folders:
        titles[folder.name if names[folder.name] == 1 else f'{relpath(folder.parent)}/{folder.name}'] = folder
    return titles


def run(args: Namespace) -> None:
    """Train, test and compare; print the tables."""
    from mmengine.registry import init_default_scope

    from mmavf.cli.commands.cross_validate import chosen_folds, print_progress
    from mmavf.engine.config_file import load_config
    from mmavf.experiments.fold_runs import fold_values

    from .comparison import compare, fused, read_run
    from .folds import Baselines

    init_default_scope('mmavf')
    cfg = load_config(args.config, args.cfg_options)
    folds = chosen_folds(args.folds, fold_values(cfg))
    out = args.out or Path('work_dirs', f'{Path(args.config).stem}_baselines')
    baselines = Baselines(args.config, cfg, folds, out)
    variants = {title: read_run(path, folds) for title, path in run_titles(args.compare).items()}
    models = dict(variants)
    for name in args.features:
        print_progress(f'{name} ...')
        variants[name] = baselines.test(name)
    for name, tests in models.items() if args.fuse else ():
        variants[f'{name} + {args.fuse}'] = fused(tests, variants[args.fuse])
    print_progress('compared:\n\n' + compare(variants, cfg, folds, out))
    print_progress(f'results are in {out}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    return run_program(__doc__, add_arguments, run, argv, check_arguments=check_arguments)


if __name__ == '__main__':
    sys.exit(main())
