"""Score saved predictions again.

The predictions are those of `mmavf test`; the scores are those of the config's `test_evaluator`, so that other metrics,
groups or intervals need no second test:

    mmavf eval-metric CONFIG PREDICTIONS.pkl --cfg-options test_evaluator.resample_by=subject

Prints one JSON object. Several files, such as those of all folds, are scored as one (pooled).
"""

import json
from argparse import ArgumentParser, Namespace

from mmavf.cli.options import add_config_options
from mmavf.errors import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file')
    parser.add_argument('predictions', nargs='+', help='predictions.pkl of mmavf test')
    add_config_options(parser)


def run(args: Namespace) -> None:
    """Print the scores."""
    from mmavf.engine.config_file import load_config
    from mmavf.evaluation import Predictions, evaluate, pool

    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('test_evaluator') is None:
        raise ConfigError(f'{args.config} has no test_evaluator.')
    predictions = pool([Predictions.load(path) for path in args.predictions])
    print(json.dumps(evaluate(predictions, cfg.test_evaluator)))
