"""Draw where a recognizer puts the clips of a test set: t-SNE of its features, coloured by class or value."""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, load_checkpoint
from torch import nn
from torch.utils.data import DataLoader

import mmavf.engine
import mmavf.models  # noqa: F401  (registers what configs name)
from mmavf.cli.protocol_options import add_protocol_options, merge_protocol_options
from mmavf.cli.run import load_config, run_or_exit
from mmavf.datasets import AVClipDataset
from mmavf.datasets.targets import hold_out_target
from mmavf.engine import resolve_loaders
from mmavf.errors import CheckpointError, ClipError, ConfigError
from mmavf.protocol.protocol import apply_protocol
from mmavf.protocol.provenance import follow_checkpoint, read_meta
from mmavf.registry import MODELS
from mmavf.visualization import Features, collect_features, draw_classes, draw_values, save_features, tsne


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file that the recognizer was trained with')
    parser.add_argument('checkpoint', type=Path, help='checkpoint of the recognizer')
    parser.add_argument('--list', help='a list of clips, relative to --data-root (default: the test set of the config)')
    parser.add_argument('--data-root', help='what the paths in the list are relative to')
    parser.add_argument('--out', type=Path, help='the picture (default: tsne.png beside the checkpoint)')
    parser.add_argument('--perplexity', type=float, default=30.0, help='about how many neighbours a clip has')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override parts of the config: key=value')
    add_protocol_options(parser)
    args = parser.parse_args()
    if args.data_root is not None and args.list is None:
        parser.error('--data-root belongs to --list')
    return args


def load_recognizer(cfg: Config, checkpoint: Path, device: str) -> nn.Module:
    """Build the config's model with the checkpoint's weights, in evaluation mode."""
    model = MODELS.build(cfg.model)
    try:
        load_checkpoint(model, str(checkpoint), map_location='cpu', strict=True)
    except CheckpointError:
        raise
    except RuntimeError as error:
        raise CheckpointError(f'{checkpoint} does not fit the model of {cfg.filename}: {error}') from error
    return model.to(device).eval()


def build_loader(cfg: Config, args: argparse.Namespace) -> DataLoader:
    """Build the test loader: that of the config, for the checkpoint's fold, or one over the list."""
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'{cfg.filename} has no test_dataloader: give the config of a fine-tuning.')
    if args.list is not None:
        dataset = cfg.test_dataloader.dataset
        if 'datasets' in dataset:  # of a concatenation's parts, which share their classes, the list replaces all
            dataset = cfg.test_dataloader.dataset = dataset.datasets[0]
        own = dict(ann_file=args.list, data_root=args.data_root or '', split=None, label_map=None, list_classes=None)
        dataset.update(own)
    merge_protocol_options(cfg, args)
    if args.list is None:
        follow_checkpoint(cfg, args, read_meta(args.checkpoint).get('protocol'))
    apply_protocol(cfg, hold_out_target)
    resolve_loaders(cfg)
    return Runner.build_dataloader(cfg.test_dataloader, seed=0)


def names_of(dataset: AVClipDataset) -> list[str]:
    """Return the names of the classes, or of the dimensions to regress."""
    return list(dataset.metainfo.get('classes') or dataset.label_columns)


def check_complete(found: Features, names: list[str], path: Path) -> None:
    """Make sure that every clip has a feature, as a test does; else keep those that there are in `path`."""
    if not found.failures:
        return
    save_features(found, names, path)
    listed = '\n'.join(f'  {name}: {reason}' for name, reason in found.failures)
    count = len(found.failures)
    raise ClipError(
        f'{count} of {count + len(found.ids)} clips have no feature, so there is no picture:\n{listed}\n'
        f'The features of the other clips are in {path}.\nMend these clips, or take them off the list.'
    )


def run(args: argparse.Namespace) -> None:
    """Collect the features, map them, write picture and file."""
    cfg = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    loader = build_loader(cfg, args)
    path = args.out or args.checkpoint.with_name('tsne.png')
    partial = path.with_suffix('.partial.npz')
    path.parent.mkdir(parents=True, exist_ok=True)
    found = collect_features(load_recognizer(cfg, args.checkpoint, args.device), loader)
    names = names_of(loader.dataset)
    check_complete(found, names, partial)
    partial.unlink(missing_ok=True)  # of an earlier call, which could not use some clips
    points = tsne(found.features, args.perplexity)
    fold = cfg.get('protocol', {}).get('fold') if args.list is None else None
    fold = [] if fold is None else [f'fold {fold}']
    draw = draw_classes if found.labels.ndim == 1 else draw_values
    draw(points, found.labels, names, path, ', '.join([Path(args.config).stem, args.checkpoint.name, *fold]))
    save_features(found, names, path.with_suffix('.npz'), points)
    print(f'{path}: {len(found.ids)} clips; their features are in {path.with_suffix(".npz")}')


def main() -> None:
    run_or_exit(run, parse_args())


if __name__ == '__main__':
    main()
