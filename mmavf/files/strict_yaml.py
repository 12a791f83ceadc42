"""YAML files, read without its two traps: a key that stands twice is an error, and 1e-3 is a number."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mmavf.errors import ConfigError

NUMBER = re.compile(r'[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)')


class StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key that a mapping has twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping of a node."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen and key.tag != 'tag:yaml.org,2002:merge':
                raise yaml.constructor.ConstructorError(None, None, f'{key.value!r} is named twice', key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


StrictLoader.add_implicit_resolver('tag:yaml.org,2002:float', NUMBER, list('-+0123456789.'))


def read_yaml(path: Path) -> Any:
    """Return the contents of a YAML file as plain values.

    Raises:
        ConfigError: It does not exist, or is not YAML, or a mapping in it has a key twice.
    """
    try:
        return yaml.load(path.read_text(encoding='utf-8'), Loader=StrictLoader)  # a SafeLoader
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error.strerror}') from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: bytes that are no UTF-8, a date that does not exist
        raise ConfigError(f'{path} cannot be read: {" ".join(str(error).split())}') from error
