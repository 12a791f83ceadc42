"""The file beside a list that says how loud, bright and long its clips are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmavf.errors import ConfigError
from mmavf.files.atomic_file import write_atomically
from mmavf.lists.clip_list import list_hash

from .transforms.log_mel import MelKind

SUFFIX = '.stats.json'


def statistics_file(ann_file: str, data_root: str) -> Path:
    """Return the file of a list's statistics, such as `lists/all.stats.json` of `lists/all.csv`."""
    return Path(data_root, ann_file).with_suffix(SUFFIX)


def write_statistics(statistics: Mapping[str, Any], ann_file: str, data_root: str) -> Path:
    """Write what `mmavf.datasets.data_stats.summarise` returns, and of which list, beside the list; return the file."""
    path = statistics_file(ann_file, data_root)
    measured = dict(list=Path(ann_file).name, list_sha256=list_hash(str(Path(data_root, ann_file))))
    write_atomically(path, json.dumps(measured | dict(statistics), indent=2) + '\n')
    return path


def read_statistics(ann_file: str, data_root: str, kind: MelKind) -> dict[str, Any]:
    """Return the statistics of a list; `kind`, of its log-mel, is for the message.

    The list is not compared where it is not there, as on a machine that only predicts, nor with a file that was written
    before its hash was noted.

    Raises:
        ConfigError: They have not been measured, are of another list or of one that has been changed since, or the file
            is damaged.
    """
    path = statistics_file(ann_file, data_root)
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        for part in {'log_mel', 'frames'} & found.keys():
            found[part]['mean'], found[part]['std']
        measured = found.get('list', Path(ann_file).name)
    except OSError as error:
        raise ConfigError(
            f'{path}: the statistics of the list cannot be read ({error.strerror}). Measure them: mmavf data-stats '
            f'{ann_file} --data-root {data_root} {kind.options}'
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f'{path} is not what mmavf data-stats writes ({error}): run it again') from error
    if measured != Path(ann_file).name:
        raise ConfigError(f'{path} has the statistics of {measured}, not of {ann_file}: give one list another name')
    clips = Path(data_root, ann_file)
    if 'list_sha256' in found and clips.is_file() and list_hash(str(clips)) != found['list_sha256']:
        raise ConfigError(
            f'{clips} has been changed since its statistics were measured: measure them again, mmavf data-stats '
            f'{ann_file} --data-root {data_root} {kind.options}'
        )
    return found
