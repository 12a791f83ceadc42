"""Split of a list into parts for training, validation and testing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mmavf.errors import ConfigError, ListError
from mmavf.lists.cells import whole_number
from mmavf.lists.clip_list import Problem
from mmavf.lists.natural_order import natural_order
from mmavf.lists.spellings import spelling_problems

from .choices import COLUMNS

PARTS = ('train', 'val', 'test')
SHOWN_VALUES = 30


@dataclass(frozen=True)
class Split:
    """One part of a list, by the values of a column.

    Args:
        column: 'fold' or 'subject' (leave one subject out).
        held_out: The value of the column that is for testing; numbers count as their text, 1.0 as 1.
        part: 'test': what is held out; 'train': the rest without what is for validation; 'val': that.
        val_share: Share of the rest that is for validation, in [0, 1): a share of the subjects where the list names
            them, else of the files.
        seed: Decides which.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    column: str
    held_out: str | int | None = None
    part: str = 'train'
    val_share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.column not in COLUMNS:
            raise ConfigError(f'split: column must be one of {", ".join(COLUMNS)}, not {self.column!r}')
        if self.part not in PARTS:
            raise ConfigError(f'split: part must be one of {", ".join(PARTS)}, not {self.part!r}')
        if not 0 <= self.val_share < 1:
            raise ConfigError(f'split: val_share must be at least 0 and less than 1, not {self.val_share}')
        if self.part == 'val' and self.val_share == 0:
            raise ConfigError("split: part='val' needs a val_share above 0")

    def __str__(self) -> str:
        return f"part '{self.part}' with {self.column} {self.held_out} held out"

    def problems(self, entries: Sequence[dict]) -> list[Problem]:
        """Return one problem for each entry that lacks the column's value, and for each name with several spellings.

        A person or fold that is spelt in two ways would be in the training part and the test part at once.
        """
        lacking = [(entry['line'], f'no {self.column} given') for entry in entries if self.column not in entry]
        # that the column lacks is check_held_out's to say
        return spelling_problems(entries) + (lacking if len(lacking) < len(entries) else [])

    def holds_out(self, entry: dict) -> bool:
        """Tell whether `entry` is for testing."""
        return entry[self.column] == self.value

    @property
    def value(self) -> str:
        """The value that is held out, as lists have it."""
        return whole_number(str(self.held_out))

    def values(self, entries: Iterable[dict]) -> list[str]:
        """Return the values of the column, numbers in them counted as numbers: 1, 2, ..., 10."""
        return sorted({entry[self.column] for entry in entries if self.column in entry}, key=natural_order)

    def select(self, entries: Sequence[dict]) -> list[dict]:
        """Return the entries of the part, in the order of the list."""
        if self.part == 'test':
            return [entry for entry in entries if self.holds_out(entry)]
        rest = [entry for entry in entries if not self.holds_out(entry)]
        for_val = self._validation_units(rest)
        return [entry for entry in rest if (_unit(entry) in for_val) == (self.part == 'val')]

    def _validation_units(self, entries: Sequence[dict]) -> set[tuple]:
        """Return the subjects or files that are for validation: one at least where asked for, never all."""
        if not self.val_share:
            return set()
        units = sorted({_unit(entry) for entry in entries})
        number = min(max(round(self.val_share * len(units)), 1), len(units) - 1)
        order = np.random.default_rng(self.seed).permutation(len(units))
        return {units[i] for i in order[:number]}


def check_held_out(split: Split, values: Sequence[str], name: str, may_lack: bool = False) -> None:
    """Make sure that the value to hold out is given and occurs.

    Args:
        split: The split.
        values: The values that there are.
        name: What has them, for the message.
        may_lack: The value need not occur.

    Raises:
        ListError: No column, no value, or one that does not occur; the message names those that do.
    """
    if not values:
        raise ListError(
            f'{name}: the list has no column {split.column!r}, by which it is to be split into training and test part '
            '(docs/data.md)'
        )
    shown = ', '.join(values[:SHOWN_VALUES]) + (f', ... ({len(values)} in all)' if len(values) > SHOWN_VALUES else '')
    if split.held_out is None:
        raise ListError(f'{name}: which {split.column} is held out for testing? Pass one as --fold: {shown}')
    if split.value not in values and not may_lack:
        raise ListError(f'{name}: there is no {split.column} {split.held_out} to hold out; choose from {shown}')


def _unit(entry: dict) -> tuple[str, str]:
    """Return what must not be torn apart: the subject, or without one the file, of which there may be several clips."""
    return ('subject', entry['subject']) if 'subject' in entry else ('file', entry['video'] or entry['audio'])
