"""Contracts between parts, as `typing.Protocol` classes, and the check that a part keeps one."""

from inspect import get_annotations
from typing import Any, Protocol

from mmavf.errors import ConfigError, MMAVFError


def check_contract(part: Any, contract: type, name: str) -> None:
    """Make sure that an object has all public members of a contract.

    Args:
        part: The object.
        contract: A subclass of `Protocol`.
        name: What the object is to its user, for the message.

    Raises:
        ConfigError: Members are missing; it names them.
    """
    missing = [member for member in members_of(contract) if not _has(part, member)]
    if missing:
        raise ConfigError(
            f'{name}: {type(part).__name__} has no {", ".join(missing)}; {contract.__module__}.{contract.__name__} '
            'lists what it must offer'
        )


def members_of(contract: type) -> list[str]:
    """Return the names of a contract's public attributes and methods, in the order in which they are written."""
    classes = [cls for cls in reversed(contract.__mro__) if issubclass(cls, Protocol) and cls is not Protocol]
    names = dict.fromkeys(name for cls in classes for name in (*get_annotations(cls), *vars(cls)))
    return [name for name in names if not name.startswith('_')]


def _has(part: Any, member: str) -> bool:
    try:
        return hasattr(part, member)
    except MMAVFError:  # a property that fails for this clip
        return True
