"""A config's hash, by which the runs in a folder are recognised as runs of it."""

import hashlib
import json
from typing import Any

from mmengine.config import Config


def config_hash(cfg: Config) -> str:
    """Return the SHA-256 of a config's contents, wherever it writes to and in whatever order it names them."""
    return _digest(json.dumps(_in_order(_content(cfg)), default=repr))


def earlier_config_hash(cfg: Config) -> str:
    """Return the hash that earlier versions wrote, which depends on the order of nested keys."""
    return _digest(repr(sorted(_content(cfg).items())))


def _content(cfg: Config) -> dict:
    content = {key: value for key, value in cfg.to_dict().items() if key != 'work_dir'}
    if 'protocol' in content:  # how folds are reported changes none of them
        content['protocol'] = {key: value for key, value in content['protocol'].items() if key != 'result'}
    return content


def _in_order(value: Any) -> Any:
    """Return dictionaries, at all depths, as pairs sorted by key."""
    if isinstance(value, dict):
        return [[key, _in_order(value[key])] for key in sorted(value, key=str)]
    return [_in_order(part) for part in value] if isinstance(value, list | tuple) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
