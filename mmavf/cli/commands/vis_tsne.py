"""Draw the features that a recognizer gives the clips of a test set: t-SNE, coloured by class or value.

    mmavf vis-tsne CONFIG CHECKPOINT --fold 1
    mmavf vis-tsne CONFIG CHECKPOINT --list my_clips.csv --data-root data/mine --out map.png

Clips of a list without labels are drawn without colours. The features are saved beside the picture.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.model_options import checkpoint_title
from mmavf.cli.options import add_config_options, add_device_option
from mmavf.cli.program import UsageError
from mmavf.cli.protocol_options import add_protocol_options, merge_protocol_options
from mmavf.errors import ClipError, ConfigError

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch.utils.data import DataLoader

    from mmavf.apis import Features


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file that the recognizer was trained with')
    parser.add_argument('checkpoint', type=Path, help='checkpoint of the recognizer')
    parser.add_argument('--list', help='a list of clips, relative to --data-root (default: the test set of the config)')
    parser.add_argument('--data-root', help='folder that the paths in the list are relative to')
    parser.add_argument('--out', type=Path, help='the picture (default: tsne.png beside the checkpoint)')
    parser.add_argument(
        '--perplexity', type=float, default=30.0, help='approximate number of neighbours of a clip (default: 30)'
    )
    add_device_option(parser)
    add_config_options(parser)
    add_protocol_options(parser)


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: `--data-root` without a list.
    """
    if args.data_root is not None and args.list is None:
        raise UsageError('--data-root belongs to --list')


def run(args: Namespace) -> None:
    """Collect the features, map them, write picture and file."""
    from mmavf.apis import collect_features, init_model, save_features
    from mmavf.engine.config_file import load_config
    from mmavf.visualization import draw_embedding, tsne

    cfg = load_config(args.config, args.cfg_options)
    loader = build_loader(cfg, args)
    path = args.out or args.checkpoint.with_name('tsne.png')
    path.parent.mkdir(parents=True, exist_ok=True)
    model: Any = init_model(cfg, args.checkpoint, args.device)
    names = model.dataset_meta.get('classes') or model.dataset_meta.get('dims') or []
    found = collect_features(model, loader)
    check_complete(found, names, path.with_suffix('.partial.npz'))
    points = tsne(found.features, args.perplexity)
    draw_embedding(points, found.labels, names, path, title_of(cfg, args))
    save_features(found, names, path.with_suffix('.npz'), points)
    print(f'{path}: {len(found.ids)} clips; their features are in {path.with_suffix(".npz")}')


def build_loader(cfg: 'Config', args: Namespace) -> 'DataLoader':
    """Build the loader of the list, or the config's test loader for the checkpoint's fold.

    Raises:
        ConfigError: The config has no test loader.
    """
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner

    from mmavf.apis import list_loader
    from mmavf.datasets.targets import hold_out_target
    from mmavf.engine import resolve_loaders
    from mmavf.protocol.protocol import apply_protocol
    from mmavf.protocol.provenance import follow_checkpoint, read_meta

    merge_protocol_options(cfg, args)
    if args.list is not None:
        return list_loader(cfg, args.list, args.data_root or '')
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'{cfg.filename} has no test_dataloader: use the config of a fine-tuning.')
    follow_checkpoint(cfg, args, read_meta(args.checkpoint).get('protocol'))
    apply_protocol(cfg, hold_out_target)
    resolve_loaders(cfg)
    init_default_scope('mmavf')
    return Runner.build_dataloader(cfg.test_dataloader, seed=0)


def check_complete(found: 'Features', names: Sequence[str], partial: Path) -> None:
    """Make sure that every clip has a feature, as a test does.

    Args:
        found: The features.
        names: Names of the classes or dimensions.
        partial: File of the features that there are, if some are missing; else it is removed.

    Raises:
        ClipError: Clips have no feature.
    """
    from mmavf.apis import save_features

    if not found.failures:
        partial.unlink(missing_ok=True)  # of an earlier call, which could not use some clips
        return
    save_features(found, names, partial)
    listed = '\n'.join(f'  {name}: {reason}' for name, reason in found.failures)
    count = len(found.failures)
    raise ClipError(
        f'{count} of {count + len(found.ids)} clips have no feature, so there is no picture:\n{listed}\n'
        f'The features of the other clips are in {partial}.\nFix these clips, or remove them from the list.'
    )


def title_of(cfg: 'Config', args: Namespace) -> str:
    """Return the heading of the picture: checkpoint, and the fold of a test set."""
    fold = cfg.get('protocol', {}).get('fold') if args.list is None else None
    return checkpoint_title(args.checkpoint) + ('' if fold is None else f', fold {fold}')
