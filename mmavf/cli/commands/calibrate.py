"""Calibrate a published classifier, so that its probabilities mean what they say, and show how far they were off.

    mmavf calibrate MODEL --predictions val/predictions.pkl --measure test/predictions.pkl
    mmavf calibrate MODEL --list my_clips.csv --data-root data/mine

Fits a temperature to predictions for clips that the model was not trained on: those of mmavf test, or of a labelled
list. Writes it into model.json, from where mmavf predict takes it, and draws the reliability diagram. The expected
calibration error has a 95 % bootstrap interval; it is that of --measure, or else of the clips of the fit.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.options import add_device_option
from mmavf.errors import ConfigError

if TYPE_CHECKING:
    from mmavf.evaluation import Predictions


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('model', type=Path, metavar='MODEL', help='folder of a published classifier')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--predictions', type=Path, metavar='PKL', help='predictions.pkl of mmavf test to fit to')
    source.add_argument('--list', type=Path, metavar='LIST', help='labelled list of clips to fit to')
    parser.add_argument('--data-root', default='', metavar='DIR', help='folder that the paths in LIST are relative to')
    parser.add_argument(
        '--measure', type=Path, metavar='PKL', help='other predictions, to measure the calibration error on'
    )
    parser.add_argument('--out', type=Path, metavar='PNG', help='picture to write (default: MODEL/reliability.png)')
    add_device_option(parser)


def run(args: Namespace) -> None:
    """Fit, write and draw."""
    from mmavf.checkpoints.published import read_card, update_card
    from mmavf.evaluation import Predictions
    from mmavf.evaluation.calibrate import calibrate
    from mmavf.evaluation.functional import apply_calibration, reliability
    from mmavf.visualization.reliability import draw_reliability

    names = read_card(args.model)['names']
    fitted = Predictions.load(args.predictions) if args.predictions else predict_list(args)
    measured = Predictions.load(args.measure) if args.measure else None
    for predictions in (fitted, measured):
        if predictions is not None and list(predictions.names) != names:
            raise ConfigError(
                f'the predictions are for {", ".join(predictions.names)}, and {args.model} predicts '
                f'{", ".join(names)}: take predictions of this model.'
            )
    found: dict[str, Any] = calibrate(fitted, measured)
    found['fitted_on'] = describe(args.predictions or Path(args.data_root, args.list))
    found['measured_on'] = describe(args.measure) if args.measure else None
    judged = measured or fitted
    before, after = (apply_calibration(judged.scores, chosen) for chosen in (None, found))
    out = args.out or args.model / 'reliability.png'
    out.parent.mkdir(parents=True, exist_ok=True)
    panels = {'before': reliability(judged.known_labels, before), 'after': reliability(judged.known_labels, after)}
    draw_reliability(panels, out)
    update_card(args.model, calibration=found)
    print(f'temperature {found["temperature"]:.4f}, fitted to {found["num_clips"]} clips')
    where = 'other clips' if args.measure else 'the clips of the fit'
    for when in ('before', 'after'):
        error = found[f'ece_{when}']
        low, high = error['interval']
        print(f'calibration error {when:<6} {error["value"]:.4f}  [{low:.4f}, {high:.4f}]  on {where}')
    print(f'{args.model}/model.json and {out} are written.')


def predict_list(args: Namespace) -> 'Predictions':
    """Return the model's predictions for the list."""
    from mmavf.apis import init_model, list_loader
    from mmavf.apis.predictions import collect_predictions

    model: Any = init_model(args.model, device=args.device)
    return collect_predictions(model, list_loader(model.cfg, args.list, args.data_root))


def describe(path: Path) -> dict[str, str]:
    """Return the name and the hash of a file."""
    from hashlib import sha256

    return dict(name=path.name, sha256=sha256(path.read_bytes()).hexdigest())
