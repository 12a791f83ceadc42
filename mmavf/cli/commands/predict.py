"""Predict over time on videos and sound files: a timeline in seconds for each face.

    mmavf predict interview.mp4 --model models/crema_d --out results
    mmavf predict recordings --config CONFIG --checkpoint FILE --out results --part 3/16

Writes for each recording NAME.json (everything), NAME.csv (a row per face and window) and NAME.png (a picture). Folders
are searched with all that they contain; a recording that cannot be used does not end the command, and finished ones are
not done again. Exit status: 1 if a recording could not be read, 2 if recordings were refused because they lack what the
model needs.
"""

from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.model_options import add_engine_option, add_model_options, check_model_options
from mmavf.cli.program import UsageError
from mmavf.cli.recordings import find_jobs, part_of

if TYPE_CHECKING:
    from mmavf.cli.predict_jobs import JobResult


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH', help='video, sound file, or folder of them')
    add_model_options(parser)
    add_engine_option(parser)
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder of the results')
    parser.add_argument('--srt', action='store_true', help='write NAME.srt, too: subtitles')
    parser.add_argument('--eaf', action='store_true', help='write NAME.eaf, too: for ELAN (needs mmavf[elan])')
    parser.add_argument(
        '--overlay', action='store_true', help='write NAME.overlay.mp4, too: the video with faces and scores drawn in'
    )
    add_window_options(parser)
    parser.add_argument('--part', type=part_of, default=(1, 1), metavar='I/N', help='only every N-th, from the I-th on')
    parser.add_argument('--again', action='store_true', help='do finished recordings again')


def add_window_options(parser: ArgumentParser) -> None:
    """Add the options that decide about faces and windows."""
    parser.add_argument('--hop', type=float, default=1.28, metavar='SEC', help='from window to window (default: 1.28)')
    parser.add_argument(
        '--clip-fps',
        metavar='FPS',
        help="frame rate at which the model was trained, or 'source': count frames as they come, as mmavf test does "
        '(default: what the model says, else 25)',
    )
    parser.add_argument(
        '--detector',
        default='cascade',
        help='of faces: cascade, yunet:FILE, or none: the pictures are face clips already (default: cascade)',
    )
    parser.add_argument('--align-eyes', action='store_true', help='turn faces so that the eyes are level')
    parser.add_argument(
        '--faces', choices=['all', 'largest', 'central'], default='all', help='which faces (default: all)'
    )
    parser.add_argument(
        '--min-sec', type=float, default=0.5, metavar='SEC', help='leave out faces seen for less (default: 0.5)'
    )
    parser.add_argument(
        '--missing',
        choices=['refuse', 'marginal'],
        default='refuse',
        help='a recording without sound or face, where the model needs it: refuse it, or put the mean tokens of the '
        'model folder in its place (default: refuse)',
    )
    parser.add_argument('--batch-size', type=int, default=8, help='windows that run together (default: 8)')


def check_window_options(args: Namespace) -> None:
    """Check the numbers of `add_window_options`.

    Raises:
        UsageError: One is impossible.
    """
    if args.detector.partition(':')[0] == 'boxes':
        raise UsageError('--detector boxes:PATH is for mmavf prepare, whose clips have ids: prepare the face clips')
    if args.batch_size < 1:
        raise UsageError(f'--batch-size must be at least 1, not {args.batch_size}')
    if not 0 < args.hop < inf:
        raise UsageError(f'--hop must be positive, not {args.hop:g}')
    if not 0 <= args.min_sec < inf:
        raise UsageError(f'--min-sec must not be negative, not {args.min_sec:g}')


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: As of `check_recordings`, or what --eaf needs is not installed.
    """
    check_recordings(args)
    if args.eaf and find_spec('pympi') is None:
        raise UsageError("--eaf needs pympi-ling: pip install 'mmavf[elan]'")


def check_recordings(args: Namespace) -> None:
    """Check the model, the recordings and the windows.

    Raises:
        UsageError: No model is named, a path does not exist, or a number is impossible.
    """
    check_model_options(args)
    check_window_options(args)
    missing = [str(path) for path in args.paths if not path.exists()]
    if missing:
        raise UsageError(f'{missing[0]} does not exist')


def run(args: Namespace) -> int:
    """Predict on all recordings, and say which failed."""
    from mmavf.cli.predict_jobs import run_jobs

    jobs, others = find_jobs(args.paths, args.out, args.part)
    args.out.mkdir(parents=True, exist_ok=True)
    outcomes = run_jobs(build_inferencer(args), jobs, args)
    return report(outcomes, args.out, others)


def build_inferencer(args: Namespace) -> Any:
    """Return the inferencer of the options."""
    from mmavf.apis import AVFInferencer

    return AVFInferencer(
        args.model or args.config,
        args.checkpoint,
        args.device,
        args.precision,
        args.engine,
        **window_settings(args),
    )


def window_settings(args: Namespace) -> dict[str, Any]:
    """Return what the options of `add_window_options` say, as the attributes of `WindowSettings`."""
    from mmavf.faces.detector_name import detector_config

    return dict(
        hop_sec=args.hop,
        clip_fps=args.clip_fps,
        detector=None if args.detector == 'none' else detector_config(args.detector),
        align_eyes=args.align_eyes,
        choose=args.faces,
        min_sec=args.min_sec,
        missing=args.missing,
    )


def report(outcomes: 'list[JobResult]', out: Path, others: int) -> int:
    """Print how many recordings have a result, and a table of those that have none; return the exit status."""
    from mmavf.files.markdown import markdown_table

    without = [outcome for outcome in outcomes if outcome.status in ('refused', 'failed')]
    finished = sum(outcome.status == 'found finished' for outcome in outcomes)
    if without:
        print(markdown_table(['recording', 'status', 'reason'], [(o.job.path, o.status, o.text) for o in without]))
    if any(outcome.status == 'refused' for outcome in without):
        print(
            'Refused recordings lack what the model needs: use a model of the other modality, or --missing marginal '
            'with a model folder that has mean tokens.'
        )
    more = [f'{finished} of them finished before'] * bool(finished) + [f'{others} other files ignored'] * bool(others)
    print(
        f'{len(outcomes) - len(without)} of {len(outcomes)} recordings have results in {out}'
        + ''.join(f', {text}' for text in more)
    )
    if any(outcome.status == 'failed' for outcome in without):
        return 1
    return 2 if without else 0
