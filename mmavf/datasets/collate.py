"""Batches of evaluation, in which clips may have turned out unusable."""

from collections.abc import Sequence

from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS


@FUNCTIONS.register_module()
def collate_usable(batch: Sequence[dict]) -> dict:
    """Stack what can be used and set the rest aside.

    Args:
        batch: Items of a data set in `test_mode`; `inputs` is None where the clip cannot be used.

    Returns:
        `inputs` (as mmengine's `default_collate` stacks them; None when no clip can be used), `data_samples` (list of
        the usable ones) and `failures` (list of the others, each with `error` among its meta information).
    """
    usable = [item for item in batch if item['inputs'] is not None]
    collated = default_collate(usable) if usable else dict(inputs=None, data_samples=[])
    return dict(collated, failures=[item['data_samples'] for item in batch if item['inputs'] is None])
