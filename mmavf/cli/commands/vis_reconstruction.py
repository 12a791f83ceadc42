"""Draw what a pre-training model reconstructs of masked clips.

mmavf vis-reconstruction CONFIG CHECKPOINT --list lists/val.csv --data-root data/mine --out DIR
mmavf vis-reconstruction CONFIG CHECKPOINT --video my_clip.mp4 --out DIR
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.model_options import checkpoint_title
from mmavf.cli.options import add_config_options, add_device_option
from mmavf.cli.program import UsageError
from mmavf.errors import ClipError

if TYPE_CHECKING:
    from mmengine.config import Config


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file that the model was trained with')
    parser.add_argument('checkpoint', help='checkpoint of the model')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--video', help='a video file with sound')
    source.add_argument('--list', help='a list of clips, relative to --data-root')
    parser.add_argument('--data-root', default='', help='folder that the paths in the list are relative to')
    parser.add_argument('--out', type=Path, required=True, help='folder for reconstruction.png')
    parser.add_argument(
        '--number', type=int, default=4, help='clips to take from the list, spread over it (default: 4)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of crops and masks (default: 0)')
    add_device_option(parser)
    add_config_options(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: No clip is wanted, or an option does not go with `--video`.
    """
    if args.video and args.data_root:
        raise UsageError('--data-root belongs to --list; give --video the whole path')
    if args.number < 1:
        raise UsageError('--number must be 1 or more')


def run(args: Namespace) -> None:
    """Read model and clips, reconstruct, write the picture."""
    from mmengine.dataset import default_collate
    from mmengine.runner import set_random_seed

    from mmavf.apis import init_model
    from mmavf.engine.config_file import load_config
    from mmavf.visualization import draw_reconstruction_sheet, reconstruct

    cfg = load_config(args.config, args.cfg_options)
    model: Any = init_model(cfg, args.checkpoint, args.device)
    clips = load_clips(cfg, args)
    set_random_seed(args.seed)
    for clip in clips:  # of several views of a clip, (V, ...), the first
        clip['inputs'] = {name: views[:1] for name, views in clip['inputs'].items()}
    parts = reconstruct(model, model.data_preprocessor(default_collate(clips))['inputs'])
    names = [clip['data_samples'].sample_id for clip in clips]
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / 'reconstruction.png'
    draw_reconstruction_sheet(parts, names, path, title=checkpoint_title(args.checkpoint))
    errors = ', '.join(f'{name} {part.error:.4f}' for name, part in parts.items())
    print(f'{path}: {len(names)} clips; error {errors}')


def load_clips(cfg: 'Config', args: Namespace) -> list[dict]:
    """Read the clips as the config's training pipeline does; those of a list that cannot be used are named.

    Raises:
        ClipError: The video cannot be used, or none of the clips taken from the list can.
    """
    from mmengine.dataset import Compose
    from mmengine.registry import init_default_scope

    from mmavf.datasets import AVClipDataset
    from mmavf.datasets.sample_rng import seeded
    from mmavf.structures import SampleKey
    from mmavf.structures.spacing import evenly_spaced

    init_default_scope('mmavf')
    pipeline = cfg.train_dataloader.dataset.pipeline
    if args.video:
        clip = dict(video_path=args.video, audio_path='', sample_id=Path(args.video).name, index=0)
        with seeded(args.seed):
            return [Compose(pipeline)(clip)]
    dataset = AVClipDataset(args.list, args.data_root, pipeline, on_bad='raise')
    clips = []
    for index in evenly_spaced(len(dataset), args.number):
        try:
            clips.append(dataset[SampleKey(index=index, seed=args.seed, epoch=0, position=index)])
        except ClipError as error:
            print(f'cannot be used: {error}')
    if not clips:
        raise ClipError(f'{args.list}: none of the clips taken from it can be used')
    return clips
