"""The cases of a reference folder that can be compared; plugins add their own."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from mmavf.errors import MMAVFError

from .compare import Finding
from .runs import Loader


class ReferenceCase(Protocol):
    """A model whose numbers a reference folder holds."""

    def check(self, name: str, manifest: Mapping, load: Loader) -> Iterator[Finding]:
        """Compare everything that the folder holds of the case.

        Args:
            name: Of the case, which its files begin with.
            manifest: The case's part of the manifest; empty for a table, which needs none.
            load: Reads `<name>.pth` or `<name>.json` of the folder, None where it is missing.
        """
        ...


_CASES: dict[str, ReferenceCase] = {}


def register_case(name: str, case: ReferenceCase) -> None:
    """Add a case.

    Raises:
        ValueError: There is one of that name.
    """
    if name in _CASES:
        raise ValueError(f'there is already a reference case {name!r}')
    _CASES[name] = case


def case_names() -> list[str]:
    """Return the names of all cases, in the order of their registration."""
    return list(_CASES)


def find_case(name: str) -> ReferenceCase:
    """Return a case.

    Raises:
        MMAVFError: There is none of that name.
    """
    if name not in _CASES:
        raise MMAVFError(f'case {name} is not implemented here; implemented: {", ".join(_CASES)}')
    return _CASES[name]
