"""Serve a page on which clips are uploaded or recorded, and answered with a timeline under the player.

    mmavf serve --model models/crema_d
    mmavf serve --config CONFIG --checkpoint FILE --port 8080 --max-sec 60

Needs mmavf[page]. The page is for this machine alone unless --host says otherwise; it has no password. A visitor's
files are deleted when the page is closed, and all when the command ends (Ctrl-C).
"""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from importlib.util import find_spec

from mmavf.cli.commands.predict import add_window_options, build_inferencer, check_window_options
from mmavf.cli.model_options import add_engine_option, add_model_options, check_model_options
from mmavf.cli.program import UsageError

LOOPBACK = ('127.0.0.1', 'localhost', '::1')


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_options(parser)
    add_engine_option(parser)
    parser.add_argument('--host', default='127.0.0.1', help='address to listen at (default: 127.0.0.1, this machine)')
    parser.add_argument('--port', type=int, default=7860, help='port; 0 takes a free one (default: 7860)')
    parser.add_argument('--max-mb', type=float, default=200, metavar='MB', help='size of an upload (default: 200)')
    parser.add_argument('--max-sec', type=float, default=300, metavar='SEC', help='length of a clip (default: 300)')
    parser.add_argument(
        '--attention',
        action=BooleanOptionalAction,
        default=True,
        help='whether to show what mattered in face and spectrogram, for which the model runs twice (default: yes)',
    )
    add_window_options(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: No model is named, a number is impossible, or Gradio is not installed.
    """
    check_model_options(args)
    check_window_options(args)
    if not (args.max_mb > 0 and args.max_sec > 0 and 0 <= args.port < 65536):
        raise UsageError('--max-mb and --max-sec must be positive, --port from 0 to 65535')
    if find_spec('gradio') is None:
        raise UsageError("the page needs Gradio: pip install 'mmavf[page]'")


def run(args: Namespace) -> None:
    """Serve until the command is stopped."""
    from mmavf.page.analysis import Analysis, Limits
    from mmavf.page.server import serve

    analysis = Analysis(build_inferencer(args), Limits(args.max_mb, args.max_sec), args.batch_size, args.attention)
    if args.host not in LOOPBACK:
        print(
            'Others can reach this page. It has no password, and is not encrypted; browsers record on it only by https.'
        )
    serve(analysis, args.host, args.port, lambda address: print(f'{address} (Ctrl-C ends it)', flush=True))
