"""Draw where a recognizer puts the clips of a test set: t-SNE of its features, coloured by class or value."""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmavf.apis import Features, collect_features, init_model, list_loader, save_features
from mmavf.cli.protocol_options import add_protocol_options, merge_protocol_options
from mmavf.cli.run import load_config, run_or_exit
from mmavf.datasets.targets import hold_out_target
from mmavf.engine import resolve_loaders
from mmavf.errors import ClipError, ConfigError
from mmavf.protocol.protocol import apply_protocol
from mmavf.protocol.provenance import follow_checkpoint, read_meta
from mmavf.visualization import draw_embedding, tsne


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


def build_loader(cfg: Config, args: argparse.Namespace) -> DataLoader:
    """Build the loader of the list, or the config's test loader for the checkpoint's fold."""
    merge_protocol_options(cfg, args)
    if args.list is not None:
        return list_loader(cfg, args.list, args.data_root or '')
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'{cfg.filename} has no test_dataloader: use the config of a fine-tuning.')
    follow_checkpoint(cfg, args, read_meta(args.checkpoint).get('protocol'))
    apply_protocol(cfg, hold_out_target)
    resolve_loaders(cfg)
    return Runner.build_dataloader(cfg.test_dataloader, seed=0)


def check_complete(found: Features, names: list[str], path: Path) -> None:
    """Make sure that every clip has a feature, as a test does; else keep those that there are in `path`."""
    if not found.failures:
        return
    save_features(found, names, path)
    listed = '\n'.join(f'  {name}: {reason}' for name, reason in found.failures)
    count = len(found.failures)
    raise ClipError(
        f'{count} of {count + len(found.ids)} clips have no feature, so there is no picture:\n{listed}\n'
        f'The features of the other clips are in {path}.\nFix these clips, or remove them from the list.'
    )


def run(args: argparse.Namespace) -> None:
    """Collect the features, map them, write picture and file."""
    cfg = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    loader = build_loader(cfg, args)
    path = args.out or args.checkpoint.with_name('tsne.png')
    partial = path.with_suffix('.partial.npz')
    path.parent.mkdir(parents=True, exist_ok=True)
    model = init_model(cfg, args.checkpoint, args.device)
    names = model.dataset_meta.get('classes') or model.dataset_meta.get('dims') or []
    found = collect_features(model, loader)
    check_complete(found, names, partial)
    partial.unlink(missing_ok=True)  # of an earlier call, which could not use some clips
    points = tsne(found.features, args.perplexity)
    fold = cfg.get('protocol', {}).get('fold') if args.list is None else None
    parts = [Path(args.config).stem, args.checkpoint.name]
    title = ', '.join(parts if fold is None else [*parts, f'fold {fold}'])
    draw_embedding(points, found.labels, names, path, title)
    save_features(found, names, path.with_suffix('.npz'), points)
    print(f'{path}: {len(found.ids)} clips; their features are in {path.with_suffix(".npz")}')


def main() -> None:
    run_or_exit(run, parse_args())


if __name__ == '__main__':
    main()
