"""Description of a test in metrics.json: the checkpoint, how it was trained and chosen, the lists."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mmengine.logging import MMLogger

from mmavf.protocol.protocol import column_under_test, result_over_folds
from mmavf.protocol.provenance import without_digests
from mmavf.version import versions

TRAINED = ('epoch', 'iter', 'time', 'mmengine_version')  # of the checkpoint's meta data


def describe_test(
    cfg: Mapping, checkpoint: str, meta: Mapping[str, Any], lists: Mapping[str, str], overlap: str | None
) -> dict[str, Any]:
    """Return plain values that describe a test.

    Args:
        cfg: Config of the run, as `AVFRunner` has it.
        checkpoint: File or URL that was tested.
        meta: Its meta data, see `read_meta`; a checkpoint without a `training_record` is warned of.
        lists: SHA-256 of every list that was tested on, by its path.
        overlap: Why clips under test may have been trained on, where the run allows it.
    """
    record = meta.get('protocol')
    if record is None:
        MMLogger.get_current_instance().warning(
            f'{checkpoint} does not record what it was trained on and how it was chosen: `selection` is null.'
        )
    has_protocol = cfg.get('protocol') is not None
    return dict(
        checkpoint=checkpoint,
        selection=None if record is None else record['selection'],
        training=without_digests(record),
        origin=[without_digests(earlier) for earlier in meta.get('origin', [])],
        trained=trained_as(meta),
        test=dict(
            column=column_under_test(cfg),
            fold=cfg['protocol'].get('fold') if has_protocol else None,
            result=result_over_folds(cfg) if has_protocol else None,
            lists=dict(lists),
            overlap=overlap,
        ),
        tested_at=datetime.now().astimezone().isoformat(timespec='seconds'),
        versions=versions(),
    )


def trained_as(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return by which metrics.json knows a checkpoint again, of its meta data."""
    return {key: _without_commit(meta[key]) for key in TRAINED if key in meta}


def _without_commit(value: int | str) -> int | str:
    """Return a value of a checkpoint's meta data without the commit that MMEngine appends to its version."""
    return re.sub('[0-9a-f]{40}$', '', value) if isinstance(value, str) else value
