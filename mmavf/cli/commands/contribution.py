"""Measure what video and sound contribute to a published model: its scores with each of them removed.

    mmavf contribution MODEL test.csv --data-root data/mine

A modality is removed by putting its mean tokens in its place, which the model carries if it was published with
--marginal. Prints scores and, for each class, the share of its clips that is right (of a regression each dimension's
CCC), draws them, and writes them into the card: they are what --missing marginal of mmavf predict costs.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.options import add_device_option

if TYPE_CHECKING:
    from mmavf.evaluation import Predictions


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('model', type=Path, metavar='MODEL', help='folder of a published model of video and sound')
    parser.add_argument('list', type=Path, metavar='LIST', help='labelled list of clips it was not trained on')
    parser.add_argument('--data-root', default='', metavar='DIR', help='folder that the paths in LIST are relative to')
    parser.add_argument('--out', type=Path, metavar='PNG', help='picture to write (default: MODEL/contribution.png)')
    add_device_option(parser)


def run(args: Namespace) -> None:
    """Measure, print, draw and write."""
    from mmavf.apis import init_model, list_loader
    from mmavf.apis.predictions import predictions_without
    from mmavf.checkpoints.published import update_card
    from mmavf.cli.commands.calibrate import describe
    from mmavf.files.markdown import markdown_table
    from mmavf.visualization.contribution import draw_contribution

    model: Any = init_model(args.model, device=args.device)
    found = predictions_without(model, list_loader(model.cfg, args.list, args.data_root))
    names = list(found['both'].names)
    scores = {kind: whole_scores(predictions) for kind, predictions in found.items()}
    single = {kind: scores_by_name(predictions) for kind, predictions in found.items()}
    for part in (scores, {kind: dict(zip(names, values, strict=True)) for kind, values in single.items()}):
        header = ['', *next(iter(part.values()))]
        print(markdown_table(header, [(kind, *map(shown, row.values())) for kind, row in part.items()]) + '\n')
    out = args.out or args.model / 'contribution.png'
    out.parent.mkdir(parents=True, exist_ok=True)
    label = 'recall' if found['both'].is_classification else 'CCC'
    draw_contribution(single, names, label, out)
    update_card(
        args.model,
        contribution=dict(
            num_clips=len(found['both']),
            measured_on=describe(Path(args.data_root, args.list)),
            scores={kind: {name: known(value) for name, value in part.items()} for kind, part in scores.items()},
            by_name={kind: [known(value) for value in values] for kind, values in single.items()},
        ),
    )
    print(f'{args.model}/model.json and {out} are written.')


def whole_scores(predictions: 'Predictions') -> dict[str, float]:
    """Return WAR and UAR of a classification, the mean CCC and RMSE of a regression."""
    from mmavf.evaluation.functional import CLASSIFICATION_SCORES, REGRESSION_SCORES

    labels, decisions = predictions.known_labels, predictions.decisions
    if predictions.is_classification:
        return {name: CLASSIFICATION_SCORES[name](labels, decisions, len(predictions.names)) for name in ('war', 'uar')}
    return {name: float(REGRESSION_SCORES[name](labels, decisions).mean()) for name in ('ccc', 'rmse')}


def scores_by_name(predictions: 'Predictions') -> list[float]:
    """Return the recall of each class, NaN for one without clips, or the CCC of each dimension."""
    from mmavf.evaluation.functional import REGRESSION_SCORES, confusion_matrix

    labels, decisions = predictions.known_labels, predictions.decisions
    if not predictions.is_classification:
        return REGRESSION_SCORES['ccc'](labels, decisions).tolist()
    matrix = confusion_matrix(labels, decisions, len(predictions.names))
    return [row[place] / sum(row) if sum(row) else float('nan') for place, row in enumerate(matrix.tolist())]


def known(value: float) -> float | None:
    """Return a score as it stands in a card: None for NaN, which JSON does not have."""
    return None if value != value else value


def shown(value: float) -> str:
    """Return a score as text, empty where there is none."""
    return '' if value != value else f'{value:.3f}'
