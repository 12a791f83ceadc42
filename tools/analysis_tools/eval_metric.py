"""Score predictions again: `python tools/analysis_tools/eval_metric.py CONFIG PREDICTIONS.pkl`.

The predictions are those that tools/test.py kept; the scores are those of the config's `test_evaluator`, so that
other metrics, groups or intervals need no second test:

    … --cfg-options test_evaluator.resample_by=subject

Prints one JSON object. Several files, such as those of all folds, are scored as one (pooled).
"""

import argparse
import json
import sys

from mmengine.config import DictAction

from mmavf.cli.run import load_config, run_command
from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions, evaluate, pool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('predictions', nargs='+', help='predictions.pkl of tools/test.py')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, help='override parts of the config')
    parser.add_argument('--debug', action='store_true', help='show the whole traceback of an error')
    return parser.parse_args()


def score(args: argparse.Namespace) -> None:
    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('test_evaluator') is None:
        raise ConfigError(f'{args.config} has no test_evaluator.')
    predictions = pool([Predictions.load(path) for path in args.predictions])
    print(json.dumps(evaluate(predictions, cfg.test_evaluator)))


def main() -> int:
    return run_command(score, parse_args())


if __name__ == '__main__':
    sys.exit(main())
