"""Labels of list entries: class names, class numbers, several classes per clip, numbers to regress."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from mmengine.fileio import list_from_file
from mmengine.logging import MMLogger

from mmavf.errors import ConfigError, ListError
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import cell_fault, clean_cell, whole_number
from mmavf.lists.clip_list import Problem


class ClassLabels:
    """Reads labels that name classes.

    Args:
        classes: Class names in index order.
        list_classes: The list's own names in index order, if its numbers or names differ from `classes`; default: the
            keys of `label_map`, else `classes`.
        label_map: The list's own name → name in `classes`, or None to leave its clips out. Default: unchanged.
        multi_label: A label may name several classes, joined by `+`.

    Raises:
        ConfigError: A name of `label_map` is unknown to `list_classes` or `classes`, or one of `list_classes` has no
            counterpart.
    """

    columns = ('label',)

    def __init__(
        self,
        classes: Sequence[str],
        list_classes: Sequence[str] | None = None,
        label_map: Mapping[str, str | None] | None = None,
        multi_label: bool = False,
    ) -> None:
        self.classes = tuple(classes)
        # a map alone does not order its names, so numbers are then undefined
        self._numbered = tuple(list_classes or (() if label_map else classes))
        names = self._numbered or tuple(label_map or ())
        mapping = {name: name for name in names} if label_map is None else dict(label_map)
        _check_names('label_map lacks names that list_classes has:', set(names) - mapping.keys())
        _check_names('label_map has names that list_classes lacks:', mapping.keys() - set(names))
        _check_names(
            f'labels are mapped to names that are not classes ({", ".join(self.classes)}):',
            {name for name in mapping.values() if name is not None} - set(self.classes),
        )
        self._index = {own: None if name is None else self.classes.index(name) for own, name in mapping.items()}
        self._multi_label = multi_label

    def read(self, texts: Sequence[str]) -> int | tuple[int, ...] | None:
        """Return the class index (with `multi_label` the indices, ascending); None: leave the clip out.

        Raises:
            ValueError: The text is not the name or number of a class.
        """
        if not self._multi_label:
            return self._read_name(texts[0])
        indices = {self._read_name(clean_cell(name)) for name in texts[0].split('+')}
        known = {index for index in indices if index is not None}
        return tuple(sorted(known)) if known == indices else None

    def _read_name(self, text: str) -> int | None:
        text = text if text in self._index else whole_number(text)
        if text in self._index:
            return self._index[text]
        if text.isdecimal() and self._numbered:
            if int(text) < len(self._numbered):
                return self._index[self._numbered[int(text)]]
            raise ValueError(f'label {text} is out of range: classes are numbered 0 to {len(self._numbered) - 1}')
        raise ValueError(
            f'{f"unknown label {text!r}" if text else "no label"}; the classes are {", ".join(self._index)}'
        )


class NumberLabels:
    """Reads labels that are numbers to regress.

    Args:
        columns: Their names.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)

    def read(self, texts: Sequence[str]) -> list[float]:
        """Return one finite number per column.

        Raises:
            ValueError: One of them is not a number, NaN or infinite.
        """
        return [self._number(name, text) for name, text in zip(self.columns, texts, strict=True)]

    @staticmethod
    def _number(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f'{name} is not a number: {text!r}') from None
        if not math.isfinite(value):
            raise ValueError(f'{name} is not a finite number: {text}')
        return value


def read_labels(
    entries: Sequence[dict], reader: ClassLabels | NumberLabels
) -> tuple[list[dict], list[Problem], Counter[str]]:
    """Replace `labels` (texts) of each entry by `label`.

    Args:
        entries: Entries of `read_list`; changed in place.
        reader: Reader of the labels.

    Returns:
        The entries that have a label, one problem per entry whose label is wrong, and how often each label was left out
        by the label map.
    """
    kept: list[dict] = []
    problems: list[Problem] = []
    left_out: Counter[str] = Counter()
    for entry in entries:
        texts = entry.pop('labels')
        try:
            entry['label'] = reader.read(texts)
        except ValueError as error:
            problems.append((entry['line'], str(error)))
            continue
        if entry['label'] is None:
            left_out[texts[0]] += 1
        else:
            kept.append(entry)
    return kept, problems, left_out


def read_classes(classes: Sequence[str] | str) -> list[str]:
    """Return the class names given, or those in a text file, one per line; blank lines are ignored.

    Raises:
        ListError: The file cannot be read, or a line cannot be a class name.
    """
    if not isinstance(classes, str):
        return list(classes)
    try:
        names = [clean_cell(line) for line in list_from_file(classes, encoding='utf-8-sig')]
    except FileNotFoundError as error:
        raise ListError(
            f'{classes} does not exist: create it with the class names, one per line, in index order'
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f'{classes}: the class names cannot be read as UTF-8 text ({error})') from error
    faults = [f'line {line}: {fault}' for line, name in enumerate(names, 1) if (fault := cell_fault('the name', name))]
    if fault := why_unreadable(classes, '; '.join(faults)):
        raise ListError(f'{classes}: {fault}')
    return [name for name in names if name]


def soft_target(indices: Sequence[int], num_classes: int) -> np.ndarray:
    """Return (num_classes,) float32 that shares 1 equally among the classes `indices`."""
    target = np.zeros(num_classes, dtype=np.float32)
    target[list(indices)] = 1 / len(indices)
    return target


def check_classes(labels: Iterable[int | tuple[int, ...]], classes: Sequence[str], name: str, may_lack: bool) -> None:
    """Check that each class has a clip.

    Args:
        labels: Class index or indices of each clip.
        classes: Class names in index order.
        name: Source of the clips, for the message.
        may_lack: Only log classes without clips.

    Raises:
        ListError: A class has no clip.
    """
    present = {index for label in labels for index in (label if isinstance(label, tuple) else (label,))}
    absent = [class_name for index, class_name in enumerate(classes) if index not in present]
    if not absent:
        return
    fault = f'{name}: no clip of class {", ".join(absent)}'
    if not may_lack:
        raise ListError(
            f'{fault}, so it cannot be learned. Correct the list or metainfo.classes; if this is intended, '
            'set allow_missing_classes=True.'
        )
    MMLogger.get_current_instance().info(fault)


def _check_names(fault: str, names: set[str]) -> None:
    if names:
        raise ConfigError(f'AVClipDataset: {fault} {", ".join(sorted(names))}')
