"""Collation of evaluation batches with unusable clips, and clips of different numbers of views."""

from collections.abc import Sequence

import torch
from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS
from torch import Tensor


@FUNCTIONS.register_module()
def collate_usable(batch: Sequence[dict]) -> dict:
    """Stack the usable items and set the others aside.

    A clip shorter than a window has one window where others have several (see `SampleWindow`): its views are repeated
    as often as it takes, which leaves their mean as it is. A batch of such clips alone costs one view each.

    Args:
        batch: Items of a data set in `test_mode`; `inputs` is None if the clip cannot be used.

    Returns:
        `inputs` (stacked by MMEngine's `default_collate`; None if no clip is usable), `data_samples` (list of the
        usable ones) and `failures` (list of the others, each with `error` in its meta information).
    """
    usable = [item for item in batch if item['inputs'] is not None]
    collated = default_collate(_same_views(usable)) if usable else dict(inputs=None, data_samples=[])
    return dict(collated, failures=[item['data_samples'] for item in batch if item['inputs'] is None])


def _same_views(items: Sequence[dict]) -> list[dict]:
    """Return items with as many views, (V, ...) tensors, as the one with the most, a multiple of what others have."""
    most = {name: max(len(item['inputs'][name]) for item in items) for name in items[0]['inputs']}

    def repeated(name: str, views: Tensor) -> Tensor:
        return views if len(views) == most[name] else torch.cat([views] * (most[name] // len(views)))

    return [
        {**item, 'inputs': {name: repeated(name, views) for name, views in item['inputs'].items()}} for item in items
    ]
