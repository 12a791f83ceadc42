"""Draw clips as the model gets them: one PNG per clip with frames and log-mel after sampling and augmentation.

Examples:
  mmavf browse configs/_base_/datasets/single_list.py --out browse
      --cfg-options train_dataloader.dataset.ann_file=LIST train_dataloader.dataset.data_root=FOLDER
  mmavf browse configs/finetune/mafw11/avfmae_b_mafw11.py --out browse
      --loader test_dataloader --cfg-options test_dataloader.dataset.split.held_out=1
"""

import re
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.options import add_config_options
from mmavf.errors import ClipError, ConfigError

if TYPE_CHECKING:
    from torch.utils.data import Dataset


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config with a data loader')
    parser.add_argument('--out', type=Path, required=True, help='folder of the pictures')
    parser.add_argument('--number', type=int, default=8, help='clips to draw, spread over the list (default: 8)')
    parser.add_argument('--seed', type=int, default=0, help='seed of sampling and augmentation (default: 0)')
    parser.add_argument('--loader', default='train_dataloader', help='key of the loader (default: train_dataloader)')
    add_config_options(parser)


def run(args: Namespace) -> None:
    """Draw the pictures; a clip that cannot be used is named, and no other one takes its place."""
    from mmavf.structures import SampleKey
    from mmavf.structures.spacing import evenly_spaced
    from mmavf.visualization.clip_picture import draw_clip

    dataset: Any = build_dataset(args)
    args.out.mkdir(parents=True, exist_ok=True)
    for index in evenly_spaced(len(dataset), args.number):
        try:
            item = dataset[SampleKey(index=index, seed=args.seed, epoch=0, position=index)]
        except ClipError as error:
            print(f'cannot be used: {error}')
            continue
        name = re.sub(r'[^\w.-]+', '_', Path(item['data_samples'].sample_id).stem)
        path = args.out / f'{index:06d}_{name}.png'
        draw_clip(item['inputs'], item['data_samples'], path)
        print(path)


def build_dataset(args: Namespace) -> 'Dataset':
    """Build the data set of the loader that the command line names.

    Raises:
        ConfigError: The config has no such loader.
    """
    from mmengine.registry import init_default_scope

    from mmavf.engine.config_file import load_config
    from mmavf.registry import DATASETS

    config = load_config(args.config, args.cfg_options)
    if args.loader not in config:
        raise ConfigError(f'{args.config} has no {args.loader}; pass the key of a loader by --loader')
    dataset = config[args.loader].dataset
    for part in dataset.get('datasets', [dataset]):
        part.on_bad = 'raise'
    init_default_scope('mmavf')
    return DATASETS.build(dataset)
