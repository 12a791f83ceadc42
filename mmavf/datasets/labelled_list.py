"""Lists of clips with their labels, read and checked."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmengine.logging import MMLogger

from mmavf.errors import ListError
from mmavf.lists.clip_list import Problem, raise_problems, read_list
from mmavf.lists.spellings import warn_of_spellings
from mmavf.protocol.overlap import ClipRef, clip_ref, find_overlap, overlap_text
from mmavf.protocol.split import Split, check_held_out

from .labels import ClassLabels, NumberLabels, read_labels
from .list_checks import check_paths, find_duplicates


@dataclass(frozen=True)
class LabelledList:
    """A list of clips and how it is used.

    Args:
        path: The list.
        data_root: Folder that its paths are relative to.
        labels: Reads the labels.
        split: The part to use; None: the whole list.
        family: Family of data sets in which ids and subjects mean the same.
    """

    path: str
    data_root: str
    labels: ClassLabels | NumberLabels
    split: Split | None
    family: str

    def read(self, unique: bool) -> tuple[list[dict], list[str]]:
        """Read and check the list.

        Args:
            unique: A clip listed twice is an error; otherwise a warning.

        Returns:
            The entries of the part, and the values that the split can hold out.

        Raises:
            ListError: The list cannot be read, or rows of it are wrong; one error names the first of them. Or what is
                held out shares clips or subjects with the rest.
        """
        entries, problems, left_out = self._entries()
        problems += check_paths(entries, self.data_root)
        if self.split is not None:
            problems += self.split.problems(entries)
        raise_problems(self.path, problems)
        self._log_left_out(left_out)
        values: list[str] = []
        if self.split is None:
            warn_of_spellings(self.path, entries)
        else:
            values = self.split.values(entries)
            check_held_out(self.split, values, self.path, may_lack=True)
            self._check_overlap(entries, self.split)
            entries = self.split.select(entries)
        self._check_duplicates(entries, unique)
        return entries, values

    def split_values(self) -> list[str]:
        """Return the values that the split can hold out; only the list itself is read.

        Raises:
            ListError: The list cannot be read.
        """
        return [] if self.split is None else self.split.values(self._entries()[0])

    def refs(self, entries: Iterable[dict]) -> Iterator[ClipRef]:
        """Yield a reference to each entry, by which it is compared with clips of other lists."""
        return (clip_ref(entry, self.path, self.data_root, self.family) for entry in entries)

    def _entries(self) -> tuple[list[dict], list[Problem], Counter[str]]:
        """Read the list and its labels; see `read_labels` for what is returned."""
        entries, problems = read_list(self.path, self.labels.columns)
        if not self.labels.columns:
            return entries, problems, Counter()
        entries, label_problems, left_out = read_labels(entries, self.labels)
        return entries, problems + label_problems, left_out

    def _log_left_out(self, left_out: Counter[str]) -> None:
        if left_out:
            counts = ', '.join(f'{label} ({count})' for label, count in sorted(left_out.items()))
            MMLogger.get_current_instance().info(f'{self.path}: clips left out by label_map: {counts}')

    def _check_overlap(self, entries: list[dict], split: Split) -> None:
        rest = [entry for entry in entries if not split.holds_out(entry)]
        held_out = [entry for entry in entries if split.holds_out(entry)]
        faults = find_overlap(self.refs(rest), self.refs(held_out))
        if faults:
            raise ListError(
                f'{self.path}: {len(faults)} training clip(s) are not independent of {split.column} '
                f'{split.held_out}, which is held out for testing:{overlap_text(faults)}\n'
                'Fix the list. If its folds are meant to share subjects, remove the column subject.'
            )

    def _check_duplicates(self, entries: list[dict], unique: bool) -> None:
        duplicates = find_duplicates(entries)
        if unique:
            raise_problems(self.path, duplicates)
        elif duplicates:
            MMLogger.get_current_instance().warning(
                f'{self.path}: {len(duplicates)} of {len(entries)} entries repeat a clip of an earlier line'
            )
