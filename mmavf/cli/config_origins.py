"""Where each value of a config comes from."""

import ast
from argparse import Namespace
from collections.abc import Mapping, Sequence
from os import path as osp
from typing import Any

from mmengine.config import Config
from mmengine.hub import get_config

from mmavf.datasets.targets import hold_out_target
from mmavf.engine.config_file import load_config
from mmavf.errors import ConfigError
from mmavf.protocol.protocol import apply_protocol

from .protocol_options import merge_protocol_options

# The origin of a value has its shape: a dict or a list of origins, or the text that names the origin of all of it.
Origin = dict | list | str
_MISSING = object()


def trace_config(args: Namespace) -> tuple[dict[str, Any], dict[str, Origin], str]:
    """Resolve the config of a command line; return its values, their origins, and why the protocol is not applied.

    A value comes from what changed it last: a file of the `_base_` hierarchy, in it perhaps a function that the file
    updates its names from, such as `target_settings`; `--cfg-options`; the command line's options of `protocol`; what
    `apply_protocol` sets.

    Args:
        args: `config`, and what `add_config_options` and `add_protocol_options` read.

    Returns:
        The values as plain dicts and lists; their origins, in dicts and lists of the same shape; '' or a reason, such
        as that no target is chosen.

    Raises:
        ConfigError: See `load_config` and `merge_protocol_options`.
    """
    cfg = load_config(args.config, args.cfg_options)
    values, origins = trace_file(args.config)
    values, origins = _next_step(values, origins, cfg, '--cfg-options')
    merge_protocol_options(cfg, args)
    values, origins = _next_step(values, origins, cfg, 'command line')
    try:
        apply_protocol(cfg, hold_out_target)
    except ConfigError as error:
        return values, origins, str(error)
    return *_next_step(values, origins, cfg, 'protocol'), ''


def _next_step(old: Any, origins: Any, cfg: Config, label: str) -> tuple[dict[str, Any], dict[str, Origin]]:
    values = cfg.to_dict()
    return values, origins_of(values, old, origins, label)


def trace_file(path: str) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Return the values of a config file, with those of its bases, and their origins; YAML and JSON are one origin."""
    cfg = get_config(path) if '::' in path else Config.fromfile(path, import_custom_modules=False)
    bases: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    tree = ast.parse('') if '::' in path or not path.endswith('.py') else _parse(path)
    for base in _base_files(tree, path):
        base_values, base_origins = trace_file(base)
        bases |= base_values
        origins |= base_origins
    name = path if '::' in path else osp.relpath(path)
    values = cfg.to_dict()
    called = _updated_from(tree)
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found = {
        key: origins_of(
            value,
            bases.get(key, _MISSING),
            origins.get(key),
            f'{name}: {called}' if called and key not in assigned else name,
        )
        for key, value in values.items()
    }
    return values, found


def origins_of(new: Any, old: Any, old_origins: Any, label: str) -> Any:
    """Return the origins of a value: those of the earlier one where both are equal, elsewhere `label`.

    Lists of one length are compared element by element.
    """
    if isinstance(new, Mapping):
        earlier, known = (old, old_origins) if isinstance(old, Mapping) else ({}, {})
        found = {
            key: origins_of(value, earlier.get(key, _MISSING), _part(known, key), label) for key, value in new.items()
        }
        return found or (old_origins if new == old else label)
    if isinstance(new, list | tuple):
        alike = type(new) is type(old) and len(new) == len(old)
        elements: Sequence = old if alike else [_MISSING] * len(new)
        parts = [
            origins_of(value, part, _part(old_origins, number) if alike else None, label)
            for number, (value, part) in enumerate(zip(new, elements, strict=True))
        ]
        return parts or (old_origins if new == old else label)
    return old_origins if type(new) is type(old) and new == old else label


def _part(origins: Any, key: Any) -> Any:
    """Return the origin of a part of a value."""
    if isinstance(origins, Mapping):
        return origins.get(key)
    return origins[key] if isinstance(origins, Sequence) and not isinstance(origins, str) else origins


def _parse(path: str) -> ast.Module:
    with open(path, encoding='utf-8') as file:
        return ast.parse(file.read())


def _base_files(tree: ast.Module, path: str) -> list[str]:
    """Return the bases that a config names in plain text, without variables of MMEngine such as {{ fileDirname }}."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, 'id', '') == '_base_' for target in node.targets):
            named = ast.literal_eval(node.value)
            names = [named] if isinstance(named, str) else named
            files = [name if '::' in name else osp.join(osp.dirname(path), name) for name in names]
            return [name for name in files if '::' in name or osp.isfile(name)]
    return []


def _updated_from(tree: ast.Module) -> str:
    """Return the call whose result a config adds to its names by `globals().update(...)`, '' where there is none."""
    for node in tree.body:
        call = getattr(node, 'value', None)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == 'globals().update':
            return ast.unparse(call.args[0])
    return ''
