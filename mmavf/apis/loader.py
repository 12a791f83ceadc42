"""Loaders of clips for a model."""

import copy
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmavf.engine import resolve_loaders
from mmavf.errors import ConfigError, ListError
from mmavf.lists.clip_list import read_list


def list_loader(cfg: Config, ann_file: str | Path, data_root: str | Path = '') -> DataLoader:
    """Return a loader of the clips of any list, which reads them as the config's test does.

    Labels are read if the list has them; a clip that cannot be used is among the `failures` of its batch.

    Args:
        cfg: Config of a fine-tuning.
        ann_file: The list, relative to `data_root` or absolute.
        data_root: Folder that the list's paths are relative to.

    Raises:
        ConfigError: The config has no `test_dataloader`.
        ListError: The list cannot be read, or rows of it are wrong.

    Examples:
        >>> from mmengine.config import Config
        >>> from mmavf.apis import list_loader
        >>> cfg = Config.fromfile('configs/demo/avfmae_tiny_finetune.py')
        >>> (batch,) = list_loader(cfg, 'clips.csv', data_root='clips')
        >>> # one view of each: the clips are no longer than a window
        >>> batch['inputs']['video'].shape, len(batch['data_samples']), batch['failures']
        (torch.Size([2, 1, 4, 96, 96, 3]), 2, [])
    """
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'{cfg.filename or "the config"} has no test_dataloader: use the config of a fine-tuning.')
    own = Config(dict(test_dataloader=copy.deepcopy(cfg.test_dataloader)))
    resolve_loaders(own)
    loader = own.test_dataloader
    if 'datasets' in loader.dataset:  # the list replaces all parts of a concatenation, which share their classes
        loader.dataset = loader.dataset.datasets[0]
    dataset = loader.dataset
    dataset.update(ann_file=str(ann_file), data_root=str(data_root))
    dataset.update(split=None, label_map=None, list_classes=None)
    columns = tuple(dataset.get('label_columns') or ['label'])
    if not _has_labels(Path(data_root, ann_file), columns):
        (dataset.get('metainfo') or {}).pop('classes', None)
        dataset.update(label_columns=(), multi_label=False)
    with DefaultScope.overwrite_default_scope('mmavf'):
        return Runner.build_dataloader(loader, seed=0)


def _has_labels(path: Path, columns: tuple[str, ...]) -> bool:
    read_list(str(path))  # raises what is wrong with the list itself
    try:
        entries, _ = read_list(str(path), columns)
    except ListError:
        return False  # it lacks the columns
    return any(text for entry in entries for text in entry['labels'])
