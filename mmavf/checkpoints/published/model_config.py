"""The config of a published model, of its card and fixed parts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config


def model_config(card: Mapping[str, Any], path: Path | None) -> Config:
    """Return a config with the model, and a `test_dataloader` that reads lists as the model's test does.

    Only the model and the pipeline come from the card; the data set and its loader are this package's, so that a card
    cannot name another one. Lists of numbers become tuples, which transforms of MMAction2 ask for.

    Args:
        card: The card.
        path: Its file, which messages name; None: it is not written yet.
    """
    architecture, names = card['architecture'], list(card['names'])
    of_labels: dict[str, dict[str, Any]] = dict(
        classification=dict(metainfo=dict(classes=names)),
        regression=dict(label_columns=names),
        features=dict(label_columns=()),
    )
    dataset = dict(
        type='AVClipDataset', ann_file='', data_root='', test_mode=True, pipeline=card['preprocessing']['pipeline']
    )
    loader = dict(
        batch_size=8,
        num_workers='auto',
        collate_fn=dict(type='collate_usable'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dataset | of_labels[card['task']],
    )
    content = dict(
        default_scope='mmavf',
        custom_imports=dict(imports=list(architecture['imports']), allow_failed_imports=False),
        model=architecture['model'],
        test_dataloader=loader,
        test_cfg=dict(type='AVFTestLoop', dtype=architecture['dtype']),
    )
    return Config(_with_tuples(content), filename=None if path is None else str(path))


def _with_tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_tuples(part) for key, part in value.items()}
    if isinstance(value, list):
        parts = [_with_tuples(part) for part in value]
        return tuple(parts) if parts and all(isinstance(part, int | float | tuple) for part in parts) else parts
    return value
