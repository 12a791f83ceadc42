"""The config that a checkpoint carries, read as data."""

import ast
from collections.abc import Mapping
from typing import Any

from mmavf.errors import CheckpointError


def stored_config(meta: Mapping[str, Any], checkpoint: str) -> dict[str, Any]:
    """Return the config in the meta data of a checkpoint, where MMEngine puts it as the text of a Python file.

    Nothing of the text is run: it may only consist of names that are given numbers, texts, lists, and dictionaries.

    Raises:
        CheckpointError: There is none, or it is more than data.
    """
    text = meta.get('cfg')
    if not isinstance(text, str) or not text.strip():
        raise CheckpointError(
            f'{checkpoint} carries no config: pass the one that it was trained with, --config CONFIG.'
        )
    try:
        return dict(_assignment(statement) for statement in ast.parse(text).body)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise CheckpointError(
            f"{checkpoint} carries a config that is more than data, and a checkpoint's code is not run: {error}. Pass "
            'the config that it was trained with, --config CONFIG.'
        ) from error


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, _value(value)
    raise ValueError(f'line {statement.lineno} does not set a value')


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=keywords) if all(part.arg for part in keywords):
            return {str(part.arg): _value(part.value) for part in keywords}
        case ast.Dict(keys=keys, values=values) if all(keys):
            return {ast.literal_eval(key): _value(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part) for part in parts)
    return ast.literal_eval(node)
