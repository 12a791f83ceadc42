"""Test a checkpoint.

Writes predictions.csv (one row per clip), predictions.pkl (the same for programs) and metrics.json (scores, 95 %
intervals, confusion matrix, and what the checkpoint was trained on, how it was chosen, with the hashes of all lists)
into the output folder.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mmavf.cli.options import add_run_options
from mmavf.cli.program import UsageError
from mmavf.errors import ClipError

if TYPE_CHECKING:
    from mmavf.engine import AVFRunner


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument(
        '--dump', metavar='FILE.pkl', help='write the predictions to another file, too (mmavf eval-metric reads it)'
    )
    parser.add_argument('--out', metavar='DIR', help='output folder (default: test, beside the checkpoint)')
    add_run_options(parser)


def run(args: Namespace) -> None:
    """Test, and write the results."""
    from mmengine.dist import is_main_process

    from mmavf.cli.config import read_config
    from mmavf.engine import AVFRunner
    from mmavf.evaluation.result_files import remove_test
    from mmavf.protocol.provenance import follow_checkpoint, read_meta

    meta = read_meta(args.checkpoint)
    cfg = read_config(args)
    follow_checkpoint(cfg, args, meta.get('protocol'))
    cfg.work_dir = args.out
    cfg.load_from, cfg.resume = args.checkpoint, False
    runner = AVFRunner.from_cfg(cfg)
    try:
        runner.test()
    except ClipError:
        if is_main_process():
            remove_test(Path(args.out))  # the partial predictions take the place of an earlier test
        raise
    if is_main_process():
        write_results(runner, args, meta)


def write_results(runner: 'AVFRunner', args: Namespace, meta: dict) -> None:
    """Write the files of a test, and print its scores."""
    from mmavf.evaluation.describe_test import describe_test
    from mmavf.evaluation.result_files import write_test
    from mmavf.protocol.clip_data import list_hashes

    loop, out = runner.test_loop, Path(runner.work_dir)
    found = loop.report()
    lists = list_hashes(runner.test_dataloader.dataset)
    described = describe_test(runner.cfg, args.checkpoint, meta, lists, runner.overlap)
    write_test(out, loop.predictions, dict(config=args.config) | described | found)
    if args.dump is not None:
        loop.predictions.save(args.dump)
    for name, value in found['metrics'].items():
        low_high = '[{:.4f}, {:.4f}]'.format(*found['intervals'][name]) if name in found['intervals'] else ''
        print(f'{name:<16}{value:8.4f}  {low_high}' if isinstance(value, int | float) else f'{name:<16}{value}')
    print(f'Results are in {out}.')


def check_arguments(args: Namespace) -> None:
    """Check where results go, and set the default.

    Raises:
        UsageError: Nothing can be written there.
    """
    if args.dump is not None and not args.dump.endswith(('.pkl', '.pickle')):
        raise UsageError(f'--dump {args.dump}: the name must end in .pkl')
    if args.out is None:
        if '://' in args.checkpoint:
            raise UsageError('set --out: nothing can be written beside a checkpoint at a URL')
        args.out = str(Path(args.checkpoint).parent / 'test')
