"""Files of a test in its folder: written together, removed together, read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmavf.files.atomic_file import write_atomically

from .predictions import Predictions

METRICS_FILE = 'metrics.json'
TABLE_FILE = 'predictions.csv'
PARTIAL_FILE = 'predictions.partial.csv'  # of a test that could not use some clips, in place of the others
PREDICTIONS_FILE = 'predictions.pkl'  # as TABLE_FILE, with subjects and groups, for programs


def write_test(folder: Path, predictions: Predictions, content: Mapping[str, Any]) -> None:
    """Write predictions.csv, predictions.pkl and metrics.json, each atomically, the last one last.

    Args:
        folder: Folder of the test.
        predictions: Of all clips.
        content: Of metrics.json: plain values, see `describe_test` and `report`.

    Raises:
        ValueError: `content` holds NaN or infinity.
    """
    lines = [f'  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}' for key, value in content.items()]
    predictions.to_csv(folder / TABLE_FILE)
    (folder / PARTIAL_FILE).unlink(missing_ok=True)  # of an earlier test, which could not use some clips
    predictions.save(folder / PREDICTIONS_FILE)
    write_atomically(folder / METRICS_FILE, '{\n' + ',\n'.join(lines) + '\n}\n')


def remove_test(folder: Path) -> None:
    """Remove the files of an earlier test, but for its partial predictions."""
    for name in (METRICS_FILE, TABLE_FILE, PREDICTIONS_FILE):
        (folder / name).unlink(missing_ok=True)


def is_tested(folder: Path) -> bool:
    """Whether the folder holds a whole test."""
    return all((folder / name).exists() for name in (METRICS_FILE, PREDICTIONS_FILE))


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the content of a test's metrics.json."""
    return json.loads((folder / METRICS_FILE).read_text())
