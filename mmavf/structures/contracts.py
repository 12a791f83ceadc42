"""Contracts between parts, as `typing.Protocol` classes, and the check that a part keeps one."""

from collections.abc import Callable
from inspect import get_annotations
from typing import Any, Protocol

from mmavf.errors import ConfigError, MMAVFError


def _has(part: Any, member: str) -> bool:
    try:
        return hasattr(part, member)
    except MMAVFError:  # a property that fails for this clip
        return True


def check_contract(part: Any, contract: type, name: str, has: Callable[[Any, str], bool] = _has) -> None:
    """Make sure that an object has all public members of a contract.

    Args:
        part: The object.
        contract: A subclass of `Protocol`.
        name: What the object is to its user, for the message.
        has: Whether an object has a member.

    Raises:
        ConfigError: Members are missing; it names them.
    """
    missing = [member for member in members_of(contract) if not has(part, member)]
    if missing:
        raise ConfigError(
            f'{name}: {type(part).__name__} has no {", ".join(missing)}; see the contract '
            f'{contract.__module__}.{contract.__name__}'
        )


def members_of(contract: type) -> list[str]:
    """Return the names of a contract's public attributes and methods, in the order in which they are written."""
    classes = [cls for cls in reversed(contract.__mro__) if issubclass(cls, Protocol) and cls is not Protocol]
    names = dict.fromkeys(name for cls in classes for name in (*get_annotations(cls), *vars(cls)))
    return [name for name in names if not name.startswith('_')]
