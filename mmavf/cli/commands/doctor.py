"""Check before a training what the machine has and how fast it reads the data; or how fast it predicts on a recording.

Examples:
  mmavf doctor configs/avfmae_b_pretrain.py --step-sec 0.35 --batch-size 64
  mmavf doctor configs/finetune/ravdess/avfmae_b_ravdess.py --fold 3
  mmavf doctor --list lists/pretrain.csv --data-root data/my_clips --clips-per-sec 200
  mmavf doctor --model models/crema_d --recording interview.mp4

Looks at the media libraries, the GPU, the disk, the memory that data workers share, the lists and every path in them,
and runs a sample of the clips through the pipeline of the training: first after asking the system to drop the contents
of their files from memory (cold; names and locations stay known, and a storage server may still cache them), then from
memory (warm). How many data workers a training needs follows from its clips per second (--clips-per-sec, or --step-sec,
the seconds of one step without waiting for data, and the batch size). Ends with status 1 when something would stop a
run.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.cli.options import add_config_options
from mmavf.cli.program import UsageError
from mmavf.cli.protocol_options import add_protocol_options


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', nargs='?', help='config of the training')
    parser.add_argument('--list', metavar='FILE', help='a list for pre-training, relative to --data-root, instead')
    parser.add_argument('--data-root', default='', help='folder that the paths in --list are relative to')
    parser.add_argument('--model', type=Path, metavar='DIR', help='or: a model folder, to predict on --recording')
    parser.add_argument('--recording', type=Path, metavar='FILE', help='video or sound file of some 10 to 60 s')
    parser.add_argument('--clips', type=int, default=64, help='clips to read (default: 64)')
    parser.add_argument('--clips-per-sec', type=float, help='clips that the training takes per second')
    parser.add_argument('--step-sec', type=float, help='or: seconds of a training step, without waiting for data')
    parser.add_argument('--batch-size', type=int, help='clips per step and process (default: as in the config)')
    parser.add_argument('--processes', type=int, help='processes of the training (default: one per GPU)')
    parser.add_argument(
        '--work-dir', help='folder that the training writes to (default: as in the config, or work_dirs)'
    )
    add_config_options(parser)
    add_protocol_options(parser)


def run(args: Namespace) -> int:
    """Print the findings; return 1 if something would stop a run."""
    import cv2
    import torch
    from mmengine.registry import init_default_scope

    from mmavf.cli.doctor_findings import ERROR, examine, examine_prediction

    if args.processes is None:
        args.processes = max(1, torch.cuda.device_count())
    init_default_scope('mmavf')
    cv2.setNumThreads(0)
    if args.model is None:
        torch.set_num_threads(1)  # as a data worker
    levels = []
    for finding in examine(args) if args.model is None else examine_prediction(args):
        levels.append(finding.level)
        print(f'{finding.level:8} {finding.subject + ":":15} {finding.text}', flush=True)
    return int(ERROR in levels)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: Says what is missing or contradicts another argument.
    """
    if [bool(args.config), bool(args.list), args.model is not None].count(True) != 1:
        raise UsageError('pass a config, or a list by --list, or a model by --model')
    if (args.model is None) != (args.recording is None):
        raise UsageError('--model and --recording belong together')
    if args.clips < 1 or (args.processes is not None and args.processes < 1):
        raise UsageError('--clips and --processes must be at least 1')
    if args.clips_per_sec and args.step_sec:
        raise UsageError('pass either --clips-per-sec or --step-sec')
