"""Measure the clips of a list: mean and deviation of log-mel and frames, share of silence, lengths.

Example: mmavf data-stats lists/all.csv --data-root data/my_clips

Prints them and writes them beside the list, as lists/all.stats.json, where list_settings(..., statistics=True) reads
them. A model that learns from scratch learns little from sound that is normalised by other statistics than its own.
Nothing is written unless every clip can be used.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from mmavf.cli.options import channel_of
from mmavf.cli.program import UsageError
from mmavf.errors import printable

LEAST_BINS = 4  # that torchaudio computes
SHIFT_MS, LONGEST_MS = 10.0, 1000.0  # of a frame; the step is that of LogMel, which would import torch here


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('list', help='the list, relative to --data-root')
    parser.add_argument('--data-root', default='', help='folder that its paths are relative to')
    parser.add_argument(
        '--modalities',
        nargs='+',
        choices=('video', 'audio'),
        help='what is measured (default: audio where no clip has a video, else both)',
    )
    parser.add_argument(
        '--mel-bins',
        type=int,
        default=128,
        help='as num_bins in the LogMel of the config (default: %(default)s; configs/small/audio.py: 64)',
    )
    parser.add_argument(
        '--mel-frame-ms',
        type=float,
        default=25.0,
        help='as frame_ms in it (default: %(default)g; configs/small/audio.py: 50)',
    )
    parser.add_argument(
        '--audio-channel',
        type=channel_of,
        metavar='N',
        help="as audio_channel in the OpenClip of the config: channel of the sound, from 1, or 'mean'",
    )
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='processes that read files')
    parser.add_argument(
        '--clip-timeout', type=float, default=300.0, metavar='SECONDS', help='limit for one clip (default: %(default)g)'
    )


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: Says what is impossible.
    """
    if args.workers < 1 or args.mel_bins < LEAST_BINS or not args.clip_timeout > 0:
        raise UsageError(f'--workers must be at least 1, --mel-bins {LEAST_BINS}, and --clip-timeout positive')
    if not SHIFT_MS <= args.mel_frame_ms <= LONGEST_MS:
        raise UsageError(f'--mel-frame-ms must be from {SHIFT_MS:g} to {LONGEST_MS:g}')


def run(args: Namespace) -> int:
    """Measure, print and write; return 1 and write nothing if a clip cannot be used."""
    from mmavf.cli.clip_jobs import run_clip_jobs
    from mmavf.datasets import AVClipDataset
    from mmavf.datasets.data_stats import ClipSums, clip_measurer, summarise
    from mmavf.datasets.statistics_file import write_statistics
    from mmavf.datasets.transforms.log_mel import MelKind

    dataset = AVClipDataset(args.list, args.data_root, test_mode=True)
    kind = MelKind(args.mel_bins, args.mel_frame_ms, args.audio_channel)
    clips = [dataset.get_data_info(index) for index in range(len(dataset))]
    modalities = args.modalities or (['video', 'audio'] if any(clip['video_path'] for clip in clips) else ['audio'])

    def crashed(clip: Mapping[str, Any], reason: str) -> ClipSums:
        return ClipSums(0.0, error=f'{clip["video_path"] or clip["audio_path"]}: {reason}')

    sums = run_clip_jobs(clip_measurer, (modalities, kind), clips, crashed, args.workers, args.clip_timeout)
    if faults := [clip.error for clip in sums if clip.error]:
        sys.stderr.write(''.join(f'ERROR: {fault}\n' for fault in faults))
        return 1
    found = summarise(sums)
    if 'log_mel' in found:
        found['log_mel'].update(kind._asdict())
    print('\n'.join(lines(found, str(kind))))
    print(f'Written to {printable(str(write_statistics(found, args.list, args.data_root)))}.')
    return 0


def lines(found: Mapping[str, Any], kind: str) -> list[str]:
    """Return statistics as text; `kind` is that of the log-mel, in words."""
    seconds = found['seconds']
    text = [
        f'{found["clips"]} clips, {seconds["total"] / 60:.1f} minutes; shortest {seconds["shortest"]:.2f} s, median '
        f'{seconds["median"]:.2f} s, longest {seconds["longest"]:.2f} s'
    ]
    if 'log_mel' in found:
        mel = found['log_mel']
        share = f'{100 * mel["share_at_floor"]:.1f} % at the floor (silence)'
        text.append(f'log-mel, {kind}: mean {mel["mean"]:.3f}, deviation {mel["std"]:.3f}; {share}')
    if 'frames' in found:
        means, deviations = (', '.join(f'{value:.3f}' for value in found['frames'][key]) for key in ('mean', 'std'))
        text.append(f'frames, red, green, blue in [0, 1]: mean {means}; deviation {deviations}')
    return text
