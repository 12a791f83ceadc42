"""The manifest of a prepared set, by which two people can verify that they have the same data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .outcome import Outcome
from .raw_clip import LeftOut


def manifest_text(
    header: Mapping[str, Any],
    sources: Mapping[str, str | None],
    outcomes: Sequence[Outcome],
    left_out: Sequence[LeftOut],
) -> str:
    """Return the manifest as JSON, with one line per source and per clip.

    It has no times and no folders of the machine, and is the same byte for byte whatever the order of the work.

    Args:
        header: Settings, versions of the software, hash of the index.
        sources: SHA-256 of the raw files by path; None if unreadable.
        outcomes: Outcomes of the clips, in order.
        left_out: What the parser left out.
    """
    parts = [f'{json.dumps(name)}: {json.dumps(value, sort_keys=True)}' for name, value in sorted(header.items())]
    tables: dict[str, Sequence] = dict(
        sources=[[path, sources[path]] for path in sorted(sources)],
        clips=[_facts(outcome) for outcome in outcomes],
        left_out=left_out,
    )
    for name, entries in tables.items():
        lines = ',\n'.join(json.dumps(entry) for entry in entries)
        parts.append(f'{json.dumps(name)}: [\n{lines}\n]')
    return '{\n' + ',\n'.join(parts) + '\n}\n'


def _facts(outcome: Outcome) -> dict[str, Any]:
    if outcome.reason:
        return dict(id=outcome.id, raw_id=outcome.raw_id, reason=outcome.reason)
    return asdict(outcome)
