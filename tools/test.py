"""Test a model: `python tools/test.py CONFIG CHECKPOINT`.

Writes predictions.csv (one row per clip), predictions.pkl (the same for programs) and metrics.json (scores, 95 %
intervals, confusion matrix, and what the checkpoint was trained on, how it was chosen, with the hashes of all lists)
into the output folder.
"""

import argparse
import json
import re
import sys
from datetime import datetime
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.logging import MMLogger

from mmavf.cli.run import add_run_options, read_config, run_command
from mmavf.engine import AVFRunner
from mmavf.errors import ClipError, ConfigError
from mmavf.evaluation import evaluate
from mmavf.evaluation.finite import finite_scores
from mmavf.evaluation.result_files import METRICS_FILE, PARTIAL_FILE, PREDICTIONS_FILE, TABLE_FILE
from mmavf.files.atomic_file import write_atomically
from mmavf.protocol.protocol import column_under_test
from mmavf.protocol.provenance import follow_checkpoint, read_meta, readable, versions

TRAINED = ('epoch', 'iter', 'time', 'mmengine_version')  # of the checkpoint's meta data


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
        scores = runner.test()
    except ClipError:
        if is_main_process():
            remove_results(Path(args.out))
        raise
    if is_main_process():
        write_results(runner, scores, args, meta)


def remove_results(out: Path) -> None:
    """Remove what an earlier test wrote, which the partial predictions of this one take the place of."""
    for name in (METRICS_FILE, TABLE_FILE, PREDICTIONS_FILE):
        (out / name).unlink(missing_ok=True)


def write_results(runner: AVFRunner, scores: dict, args: argparse.Namespace, meta: dict) -> None:
    """Write the files of a test."""
    predictions = runner.test_loop.predictions
    if predictions is None:
        raise ConfigError('test_evaluator keeps no predictions: add ClassificationMetric or RegressionMetric.')
    out = Path(runner.work_dir)
    report = make_report(runner, scores, args, meta)
    predictions.to_csv(out / TABLE_FILE)
    (out / PARTIAL_FILE).unlink(missing_ok=True)  # of an earlier test, which could not use some clips
    predictions.save(out / PREDICTIONS_FILE)  # with the scores, so that the two belong together
    if args.dump is not None:
        predictions.save(args.dump)
    lines = [f'  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}' for key, value in report.items()]
    write_atomically(out / METRICS_FILE, '{\n' + ',\n'.join(lines) + '\n}\n')
    for name, value in report['metrics'].items():
        low_high = '[{:.4f}, {:.4f}]'.format(*report['intervals'][name]) if name in report['intervals'] else ''
        print(f'{name:<16}{value:8.4f}  {low_high}' if isinstance(value, int | float) else f'{name:<16}{value}')
    print(f'Results are in {out}.')


def make_report(runner: AVFRunner, scores: dict, args: argparse.Namespace, meta: dict) -> dict:
    """Return the contents of metrics.json."""
    record = meta.get('protocol')
    if record is None:
        MMLogger.get_current_instance().warning(
            f'{args.checkpoint} does not say what it was trained on and how it was chosen: `selection` is null.'
        )
    result = evaluate(runner.test_loop.predictions, runner.cfg.test_evaluator)
    return dict(
        config=args.config,
        checkpoint=args.checkpoint,
        selection=None if record is None else record['selection'],
        training=readable(record),
        origin=[readable(earlier) for earlier in meta.get('origin', [])],
        trained={key: _plain(meta[key]) for key in TRAINED if key in meta},
        test=dict(
            column=column_under_test(runner.cfg),
            fold=runner.cfg.get('protocol', {}).get('fold'),
            lists=getattr(runner.test_dataloader.dataset, 'list_hashes', {}),
            overlap=runner.overlap,
        ),
        tested_at=datetime.now().astimezone().isoformat(timespec='seconds'),
        versions=versions(),
        **{**result, 'metrics': {**finite_scores(scores), **result['metrics']}},
    )


def _plain(value: int | str) -> int | str:
    """Return a value of a checkpoint's meta data without the commit that MMEngine glues to its version."""
    return re.sub('[0-9a-f]{40}$', '', value) if isinstance(value, str) else value


def main() -> int:
    return run_command(test, parse_args())


if __name__ == '__main__':
    sys.exit(main())
