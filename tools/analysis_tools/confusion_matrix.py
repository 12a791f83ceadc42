"""Draw a confusion matrix: `python tools/analysis_tools/confusion_matrix.py PREDICTIONS.pkl|predictions.csv`.

Takes what tools/test.py wrote; several files, such as those of all folds, are drawn as one. Left the numbers of clips,
right the share of each true class.
"""

import argparse
import sys
from pathlib import Path

from mmavf.cli.run import run_command
from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions, pool
from mmavf.evaluation.functional import confusion_matrix
from mmavf.visualization.confusion import draw_confusion_matrix


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', nargs='+', type=Path, help='predictions.csv or predictions.pkl of tools/test.py')
    parser.add_argument('--out', type=Path, default=Path('confusion_matrix.png'), help='picture to write')
    parser.add_argument('--by-group', action='store_true', help='average the scores of each group first (.pkl only)')
    parser.add_argument('--debug', action='store_true', help='show the whole traceback of an error')
    return parser.parse_args()


def draw(args: argparse.Namespace) -> None:
    read = [
        Predictions.from_csv(path) if path.suffix == '.csv' else Predictions.load(path) for path in args.predictions
    ]
    predictions = pool(read)
    if args.by_group:
        predictions = predictions.merged()
    if not predictions.is_classification:
        raise ConfigError(f'{args.predictions[0]} holds numbers, not classes: there is no confusion matrix.')
    matrix = confusion_matrix(predictions.labels, predictions.decisions, len(predictions.names))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    draw_confusion_matrix(matrix, predictions.names, args.out, counts=True)
    print(f'{len(predictions)} clips: {args.out}')


def main() -> int:
    return run_command(draw, parse_args())


if __name__ == '__main__':
    sys.exit(main())
