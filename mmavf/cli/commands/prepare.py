"""Make face clips, 16 kHz sound and lists out of the raw files of a data set.

Examples:
  mmavf prepare --list-datasets
  mmavf prepare ravdess --raw /raw/RAVDESS --out data/ravdess
  mmavf prepare voxceleb2 --raw /raw/VoxCeleb2 --out data/voxceleb2 --pack shards --workers 64
  mmavf prepare custom --raw my_videos --out data/mine --options labels=my_labels.csv
  mmavf prepare custom --raw my_speech --out data/mine --options label_from=folder subject_from=name
  mmavf prepare mafw11 --raw /raw/MAFW --out /tmp/trial --limit 20
  mmavf prepare voxceleb2 --raw /raw/VoxCeleb2 --out data/voxceleb2 --part 3/16   # on each of 16 machines, then --merge

The raw folder is only read. A run that was stopped continues when the same command is given again. Read summary.md and
look at contact_sheet.png afterwards; see docs/preparation.md. Ends with status 1 when nothing usable came out.
"""

import os
from argparse import ArgumentParser, Namespace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmavf.cli.options import Overrides, channel_of
from mmavf.cli.program import UsageError
from mmavf.cli.recordings import part_of
from mmavf.errors import ConfigError
from mmavf.preparation.settings import CLIP_TIMEOUT_SEC, PACK_TYPES, PrepareSettings
from mmavf.stop_signals import stops

SETTINGS = (
    *('options', 'detector', 'choose', 'align_eyes', 'max_missing', 'min_sec', 'max_sec'),
    *('pack', 'pack_options', 'size', 'sound', 'audio_channel'),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('dataset', nargs='?', metavar='DATASET', help='its name')
    parser.add_argument('--list-datasets', action='store_true', help='show the names, and what is expected where')
    parser.add_argument('--raw', type=Path, help='folder with the raw files')
    parser.add_argument('--out', type=Path, help='folder for the result, such as data/DATASET')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='default: all cores')
    parser.add_argument('--limit', type=int, metavar='N', help='only the first N clips; a later run may do the rest')
    part = 'only every N-th clip (shard), from the I-th on, into the same --out'
    parser.add_argument('--part', type=part_of, metavar='I/N', help=part)
    parser.add_argument('--merge', action='store_true', help='make the lists of all parts, when they have ended')
    parser.add_argument('--restart', action='store_true', help='remove what earlier runs made in --out, and start over')
    parser.add_argument('--retry-failed', action='store_true', help='retry clips that were left out for their media')
    parser.add_argument(
        '--clip-timeout',
        type=float,
        default=CLIP_TIMEOUT_SEC,
        metavar='SECONDS',
        help='leave out a raw clip that takes longer (default: %(default)g)',
    )
    options = 'options of the data set, described in docs/raw_sets.md'
    parser.add_argument('--options', nargs='+', action=Overrides, default={}, metavar='KEY=VALUE', help=options)
    _add_face_arguments(parser)
    _add_output_arguments(parser)


def _add_face_arguments(parser: ArgumentParser) -> None:
    default = PrepareSettings
    faces = parser.add_argument_group('faces')
    faces.add_argument(
        '--detector', default=default.detector, help='cascade (default), yunet:FILE.onnx, boxes:PATH or none'
    )
    faces.add_argument(
        '--choose', choices=['largest', 'central'], default=default.choose, help='which of several faces to take'
    )
    faces.add_argument('--align-eyes', action='store_true', help='turn crops so that the eyes are level')
    faces.add_argument(
        '--max-missing',
        type=float,
        default=default.max_missing,
        help='share of the sampled frames that may lack the face (default: %(default)g)',
    )
    faces.add_argument('--min-sec', type=float, help='leave out shorter parts (default: 1 in corpora, else 0)')
    faces.add_argument('--max-sec', type=float, help='cut longer parts of corpora (default: 10)')


def _add_output_arguments(parser: ArgumentParser) -> None:
    default = PrepareSettings
    output = parser.add_argument_group('output')
    output.add_argument('--pack', choices=list(PACK_TYPES), default=default.pack, help='how frames are stored')
    packs = 'mp4: gop, crf, preset; jpeg: fps, quality; shards: fps, quality, clips_per_shard'
    output.add_argument('--pack-options', nargs='+', action=Overrides, default={}, metavar='KEY=VALUE', help=packs)
    output.add_argument('--size', type=int, default=default.size, help='height and width in pixels')
    output.add_argument('--no-sound', dest='sound', action='store_false', help='for videos that have none')
    channel = "channel of the sound, from 1, or 'mean' (default: see docs/data.md, sound of many channels)"
    output.add_argument('--audio-channel', type=channel_of, metavar='N', help=channel)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: An argument is missing, or does not go with another.
    """
    if not args.list_datasets and not (args.dataset and args.raw and args.out):
        raise UsageError('DATASET, --raw and --out are needed, or --list-datasets')
    if args.part and args.merge:
        raise UsageError('--merge comes after the last --part, in a run of its own')
    if args.restart and (args.part or args.merge):
        raise UsageError('--restart does not go with --part or --merge: remove the folder of --out instead')


def run(args: Namespace) -> int:
    """Prepare a data set; return 0 if there are face clips, else 1.

    Raises:
        UsageError: A setting, all of which the command line makes, cannot work.
    """
    if args.list_datasets:
        show_datasets()
        return 0
    check_name(args.dataset)
    try:
        return 0 if prepare(args) else 1
    except ConfigError as error:
        raise UsageError(str(error)) from error


def raw_sets() -> dict[str, Any]:
    """Return the parsers of the data sets by name."""
    import mmavf.preparation.raw_sets  # noqa: F401  (registers them)
    from mmavf.registry import RAW_SETS

    return RAW_SETS.module_dict


def check_name(name: str) -> None:
    """Check that a data set is known.

    Raises:
        UsageError: It is not.
    """
    if name not in raw_sets():
        close = get_close_matches(name, raw_sets())
        hint = f'did you mean {close[0]}?' if close else 'see --list-datasets'
        raise UsageError(f'there is no data set {name!r}: {hint}')


def show_datasets() -> None:
    """Print the names of the data sets with their layouts."""
    for name, parser in sorted(raw_sets().items()):
        print(f'{name}\n{parser.layout.rstrip()}\n')


def prepare(args: Namespace) -> bool:
    """Prepare a data set, or a part of it; return whether there are face clips, of a part always True."""
    from mmavf.preparation.divided import DividedPreparation

    stops.outcome = lambda: 'Run the same command again to continue.'
    chosen = {name: getattr(args, name) for name in SETTINGS}
    preparation = DividedPreparation(PrepareSettings(dataset=args.dataset, **chosen), args.raw, args.out, args.limit)
    if args.part:
        done = preparation.run_part(args.part, args.workers, args.retry_failed, args.clip_timeout)
        print(
            f'This part is done: {done["clips"]:,} raw clips, {done["failed"]:,} left out. Use --merge after the last.'
        )
        return True
    if args.merge:
        summary = preparation.merge()
    else:
        summary = preparation.run(args.workers, args.restart, args.retry_failed, args.clip_timeout)
    report(summary, args.out)
    return bool(summary['counts']['clips'])


def report(summary: dict, out: Path) -> None:
    """Print what became of the clips."""
    counts = summary['counts']
    print(f'{counts["tried"]:,} of {counts["raw_clips"]:,} raw clips tried.')
    if summary['left_out']:
        print('Left out, clips, pieces of them and other files:')
    for reason, found in summary['left_out'].items():
        print(f'  {found["number"]:,} x {reason}')
    for note in summary['notes']:
        print(f'Note: {note}')
    sheet = ' and look at contact_sheet.png' if (out / 'contact_sheet.png').exists() else ''
    print(f'{counts["clips"]:,} clips in {out}. Read summary.md{sheet} there.')
