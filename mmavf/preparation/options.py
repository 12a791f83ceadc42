"""Validation of options named by the user."""

from collections.abc import Iterable
from inspect import signature

from mmavf.errors import ConfigError


def check_options(owner: type, names: Iterable[str], given: tuple[str, ...] = ()) -> None:
    """Check that a class has the given options.

    Args:
        owner: The class.
        names: The names.
        given: Arguments of the class that are not options.

    Raises:
        ConfigError: An option does not exist; the message lists those that do.
    """
    known = [name for name in signature(owner).parameters if name not in given]
    if unknown := sorted({*names} - {*known}):
        raise ConfigError(
            f'{owner.__name__} has no option {", ".join(unknown)}; '
            + (f'choose from {", ".join(known)}' if known else 'it has none')
        )
