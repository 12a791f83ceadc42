"""Make face clips, 16 kHz sound and lists out of the raw files of a data set.

Examples:
  python tools/data/prepare.py --list-datasets
  python tools/data/prepare.py ravdess --raw /raw/RAVDESS --out data/ravdess
  python tools/data/prepare.py voxceleb2 --raw /raw/VoxCeleb2 --out data/voxceleb2 --pack shards --workers 64
  python tools/data/prepare.py custom --raw my_videos --out data/mine --options labels=my_labels.csv
  python tools/data/prepare.py mafw11 --raw /raw/MAFW --out /tmp/trial --limit 20

The raw folder is only read. A run that was stopped goes on when the same command is given again. Read
summary.md and look at contact_sheet.png afterwards; docs/preparation.md says more. Ends with status 0 when something
usable came out, with 1 when nothing did or the run was stopped, with 2 for a wrong command line.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmavf.errors import ConfigError, MMAVFError
from mmavf.preparation.run import CLIP_TIMEOUT_SEC, Preparation
from mmavf.preparation.settings import DETECTORS, PACK_TYPES, PrepareSettings
from mmavf.registry import RAW_SETS

SETTINGS = 'options', 'detector', 'choose', 'align_eyes', 'max_missing', 'min_sec', 'max_sec'
SETTINGS += 'pack', 'pack_options', 'size', 'sound', 'audio_channel'


def parse_args() -> argparse.Namespace:
    default = PrepareSettings(dataset='')
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', nargs='?', choices=sorted(RAW_SETS.module_dict), metavar='DATASET', help='its name')
    parser.add_argument('--list-datasets', action='store_true', help='show the names, and what is expected where')
    parser.add_argument('--raw', type=Path, help='folder with the raw files')
    parser.add_argument('--out', type=Path, help='folder for the result, such as data/DATASET')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='default: all cores')
    parser.add_argument('--limit', type=int, metavar='N', help='only the first N clips; later runs may go on')
    parser.add_argument('--restart', action='store_true', help='remove what earlier runs made in --out, and begin anew')
    parser.add_argument('--retry-failed', action='store_true', help='try clips again that their media kept out')
    parser.add_argument(
        '--clip-timeout',
        type=float,
        default=CLIP_TIMEOUT_SEC,
        metavar='SECONDS',
        help='leave out a raw clip that takes longer (default: %(default)g)',
    )
    faces = parser.add_argument_group('faces')
    faces.add_argument(
        '--detector', default=default.detector, help=f'{" | ".join(DETECTORS)}, with yunet:FILE.onnx and boxes:PATH'
    )
    faces.add_argument(
        '--choose', choices=['largest', 'central'], default=default.choose, help='which of several faces'
    )
    faces.add_argument('--align-eyes', action='store_true', help='turn crops so that the eyes are level')
    faces.add_argument(
        '--max-missing', type=float, default=default.max_missing, help='of the looks at a clip, without its face'
    )
    faces.add_argument('--min-sec', type=float, help='leave out shorter parts (default: 1 in corpora, else 0)')
    faces.add_argument('--max-sec', type=float, help='cut longer parts of corpora (default: 10)')
    output = parser.add_argument_group('output')
    output.add_argument('--pack', choices=list(PACK_TYPES), default=default.pack, help='how frames are stored')
    packs = 'mp4: gop, crf, preset; jpeg: fps, quality; shards: fps, quality, clips_per_shard'
    output.add_argument('--pack-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help=packs)
    output.add_argument('--size', type=int, default=default.size, help='height and width in pixels')
    output.add_argument('--no-sound', dest='sound', action='store_false', help='for videos that have none')
    channel = "of the sound: its number, from 1, or 'mean' (default: what docs/data.md says of many channels)"
    output.add_argument('--audio-channel', type=_channel, metavar='N', help=channel)
    options = 'of the data set, named in docs/raw_sets.md'
    parser.add_argument('--options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help=options)
    args = parser.parse_args()
    if not args.list_datasets and not (args.dataset and args.raw and args.out):
        parser.error('DATASET, --raw and --out are needed, or --list-datasets')
    return args


def _channel(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def show_datasets() -> None:
    """Print the names of the data sets with their layouts."""
    for name, parser in sorted(RAW_SETS.module_dict.items()):
        print(f'{name}\n{parser.layout.rstrip()}\n')


def prepare(args: argparse.Namespace) -> int:
    """Prepare a data set; return the number of face clips."""
    chosen = {name: getattr(args, name) for name in SETTINGS}
    preparation = Preparation(PrepareSettings(dataset=args.dataset, **chosen), args.raw, args.out, args.limit)
    summary = preparation.run(args.workers, args.restart, args.retry_failed, args.clip_timeout)
    counts = summary['counts']
    print(f'{counts["tried"]:,} of {counts["raw_clips"]:,} raw clips tried.')
    if summary['left_out']:
        print('Left out, clips, pieces of them and other files:')
    for reason, found in summary['left_out'].items():
        print(f'  {found["number"]:,} x {reason}')
    for note in summary['notes']:
        print(f'Note: {note}')
    print(f'{counts["face_clips"]:,} face clips in {args.out}. Read summary.md and look at contact_sheet.png there.')
    return counts['face_clips']


def main() -> int:
    args = parse_args()
    if args.list_datasets:
        show_datasets()
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # batch systems stop with it: as by Ctrl-C
    try:
        return 0 if prepare(args) else 1
    except KeyboardInterrupt:
        sys.stderr.write('Stopped. Start the same command again: it goes on.\n')
        return 1
    except MMAVFError as error:
        sys.stderr.write(f'{type(error).__name__}: {error}\n')
        return 2 if isinstance(error, ConfigError) else 1


if __name__ == '__main__':
    sys.exit(main())
