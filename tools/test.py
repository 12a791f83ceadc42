"""Test a model: `python tools/test.py CONFIG CHECKPOINT`.

Writes predictions.csv (one row per clip), predictions.pkl (the same for programs) and metrics.json (scores, 95 %
intervals, confusion matrix, and what the checkpoint was trained on, how it was chosen, with the hashes of all lists)
into the output folder.
"""

import argparse
import sys
from pathlib import Path

from mmengine.dist import is_main_process

from mmavf.cli.run import add_run_options, read_config, run_command
from mmavf.engine import AVFRunner
from mmavf.errors import ClipError
from mmavf.evaluation.describe_test import describe_test
from mmavf.evaluation.result_files import remove_test, write_test
from mmavf.protocol.provenance import follow_checkpoint, read_meta


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file or address')
    parser.add_argument(
        '--dump', metavar='FILE.pkl', help='keep the predictions in another file, too (eval_metric.py reads it)'
    )
    parser.add_argument('--out', metavar='DIR', help='output folder (default: test, beside the checkpoint)')
    add_run_options(parser)
    args = parser.parse_args()
    if args.dump is not None and not args.dump.endswith(('.pkl', '.pickle')):
        parser.error(f'--dump {args.dump}: the name must end in .pkl')
    if args.out is None:
        if '://' in args.checkpoint:
            parser.error('give --out: beside a checkpoint at an address nothing can be written')
        args.out = str(Path(args.checkpoint).parent / 'test')
    return args


def test(args: argparse.Namespace) -> None:
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


def write_results(runner: AVFRunner, args: argparse.Namespace, meta: dict) -> None:
    """Write the files of a test, and show its scores."""
    loop, out = runner.test_loop, Path(runner.work_dir)
    found = loop.report()
    lists = getattr(runner.test_dataloader.dataset, 'list_hashes', {})
    described = describe_test(runner.cfg, args.checkpoint, meta, lists, runner.overlap)
    write_test(out, loop.predictions, dict(config=args.config) | described | found)
    if args.dump is not None:
        loop.predictions.save(args.dump)
    for name, value in found['metrics'].items():
        low_high = '[{:.4f}, {:.4f}]'.format(*found['intervals'][name]) if name in found['intervals'] else ''
        print(f'{name:<16}{value:8.4f}  {low_high}' if isinstance(value, int | float) else f'{name:<16}{value}')
    print(f'Results are in {out}.')


def main() -> int:
    return run_command(test, parse_args())


if __name__ == '__main__':
    sys.exit(main())
