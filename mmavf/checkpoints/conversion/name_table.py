"""Tables of parameter names that are read in both directions."""

import re
from collections.abc import Iterable, Iterator

Rule = tuple[str, str]

_NUMBER = re.compile(r'(?<=\.)\d+(?=\.|$)')


class NameTable:
    """Released names and this package's, pair by pair.

    In a pair `#` stands for any block number; `#-1` on this package's side for that number less one.

    Args:
        rules: Pairs (released name, this package's name).
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = list(rules)
        self._to_ours = dict(rules)
        self._to_released = {ours: released for released, ours in rules}

    def to_ours(self, name: str) -> str:
        """Return this package's name of a released parameter.

        Raises:
            KeyError: The table does not have it.
        """
        if name in self._to_ours:
            return self._to_ours[name]
        for pattern, number in _patterns(name, '#'):
            if pattern in self._to_ours:
                return self._to_ours[pattern].replace('#-1', str(number - 1)).replace('#', str(number))
        raise KeyError(name)

    def to_released(self, name: str) -> str:
        """Return the released name of this package's parameter.

        Raises:
            KeyError: The table does not have it.
        """
        if name in self._to_released:
            return self._to_released[name]
        for mark, shift in (('#', 0), ('#-1', 1)):
            for pattern, number in _patterns(name, mark):
                if pattern in self._to_released:
                    return self._to_released[pattern].replace('#', str(number + shift))
        raise KeyError(name)


def _patterns(name: str, mark: str) -> Iterator[tuple[str, int]]:
    """Yield the name with each of its numbers replaced by the mark, and that number."""
    for match in _NUMBER.finditer(name):
        yield name[: match.start()] + mark + name[match.end() :], int(match[0])
