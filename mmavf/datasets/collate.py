"""Collation of evaluation batches with unusable clips."""

from collections.abc import Sequence

from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS


@FUNCTIONS.register_module()
def collate_usable(batch: Sequence[dict]) -> dict:
    """Stack the usable items and set the others aside.

    Args:
        batch: Items of a data set in `test_mode`; `inputs` is None if the clip cannot be used.

    Returns:
        `inputs` (stacked by MMEngine's `default_collate`; None if no clip is usable), `data_samples` (list of the
        usable ones) and `failures` (list of the others, each with `error` in its meta information).
    """
    usable = [item for item in batch if item['inputs'] is not None]
    collated = default_collate(usable) if usable else dict(inputs=None, data_samples=[])
    return dict(collated, failures=[item['data_samples'] for item in batch if item['inputs'] is None])
