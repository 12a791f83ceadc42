"""Publish a checkpoint: a folder with its weights, a card, and no code.

    mmavf publish CHECKPOINT OUT --result test/metrics.json --licence 'CC BY 4.0' --origin 'trained by …'

OUT gets model.safetensors (the weights that a test uses: of a training with EMAHook the averaged ones), model.json
(architecture, classes, preprocessing, training, scores, hashes) and README.md. Commands that take --model read it.
The config is the one in the checkpoint, which is read as data and not run; --config names another one.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.cli.options import add_device_option
from mmavf.cli.program import UsageError


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('checkpoint', type=Path, metavar='CHECKPOINT', help='checkpoint of this package')
    parser.add_argument('out', type=Path, metavar='OUT', help='folder to write; it must not be there, or be empty')
    parser.add_argument('--config', metavar='CONFIG', help='config that it was trained with (default: the one in it)')
    parser.add_argument(
        '--result', nargs='+', default=[], metavar='JSON', help='metrics.json of tests of this checkpoint'
    )
    parser.add_argument('--licence', metavar='TEXT', help='licence of the weights')
    parser.add_argument('--origin', metavar='TEXT', help='who trained it, and where it comes from')
    parser.add_argument('--fps', type=float, metavar='N', help='frames per second of the clips that it was trained on')
    parser.add_argument(
        '--prepared', metavar='JSON', help='manifest.json of the prepared set, for how its faces were cropped'
    )
    parser.add_argument(
        '--marginal', metavar='LIST', help='list of clips whose mean tokens may stand for a missing modality'
    )
    parser.add_argument('--onnx', action='store_true', help="export the forward, too (pip install 'mmavf[onnx]')")
    parser.add_argument(
        '--check-list', metavar='LIST', help='list of clips that the export is checked on (default: random input)'
    )
    parser.add_argument('--data-root', default='', metavar='DIR', help='folder that the paths in LIST are relative to')
    add_device_option(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: An option is impossible.
    """
    if args.fps is not None and not 0 < args.fps < float('inf'):
        raise UsageError(f'--fps {args.fps:g}: it must be positive')
    if args.check_list is not None and not args.onnx:
        raise UsageError('--check-list is for the check of --onnx')


def run(args: Namespace) -> None:
    """Write the folder."""
    from mmavf.apis.publish import publish_model

    card = publish_model(
        args.checkpoint,
        args.out,
        args.config,
        results=args.result,
        licence=args.licence,
        origin=args.origin,
        fps=args.fps,
        manifest=args.prepared,
        marginal_list=args.marginal,
        onnx=args.onnx,
        check_list=args.check_list,
        data_root=args.data_root,
        device=args.device,
    )
    what = f'{card["task"]}: {", ".join(card["names"])}' if card['names'] else 'a pre-trained model'
    print(f'{args.out}: {what}; {card["weights"]["parameters"]:,} parameters')
    if args.onnx:
        checked = card['onnx']['checked']
        print(
            f'model.onnx: on {checked["windows"]} windows of {checked["on"]} its logits differ from those of PyTorch '
            f'by {checked["largest_difference"]:.1e} at most'
        )
    unknown = [name for name in ('licence', 'origin') if card[name] is None]
    if unknown:
        print(f'The card does not state {" and ".join(unknown)} (--{" --".join(unknown)}).')
