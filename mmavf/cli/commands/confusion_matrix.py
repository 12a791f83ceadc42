"""Draw the confusion matrix of saved predictions.

Takes what `mmavf test` wrote; several files, such as those of all folds, are drawn as one. The left panel shows numbers
of clips, the right one the share of each true class.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.errors import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('predictions', nargs='+', type=Path, help='predictions.csv or predictions.pkl of mmavf test')
    parser.add_argument('--out', type=Path, default=Path('confusion_matrix.png'), help='picture to write')
    parser.add_argument('--by-group', action='store_true', help='average the scores of each group first (.pkl only)')


def run(args: Namespace) -> None:
    """Draw the picture."""
    from mmavf.evaluation import Predictions, pool
    from mmavf.evaluation.functional import confusion_matrix
    from mmavf.visualization.confusion import draw_confusion_matrix

    predictions = pool(
        [Predictions.from_csv(path) if path.suffix == '.csv' else Predictions.load(path) for path in args.predictions]
    )
    if args.by_group:
        predictions = predictions.merged()
    if not predictions.is_classification:
        raise ConfigError(f'{args.predictions[0]} holds numbers, not classes: there is no confusion matrix.')
    matrix = confusion_matrix(predictions.known_labels, predictions.decisions, len(predictions.names))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    draw_confusion_matrix(matrix, predictions.names, args.out, counts=True)
    print(f'{len(predictions)} clips: {args.out}')
