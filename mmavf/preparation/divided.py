"""A preparation that is divided among machines: its parts, and their merging."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmavf.errors import PreparationError
from mmavf.files.atomic_file import replacing

from .job import disk_failures
from .journal import FILE, Journal, line_of, remove
from .run import Preparation, check_run, is_failed
from .settings import CLIP_TIMEOUT_SEC

PARTS = 'parts'
NAME = re.compile(r'(\d+)-of-(\d+)')


class DividedPreparation(Preparation):
    """A preparation of which several machines do a part each, at the same time, into one output folder.

    Part i of n is every n-th clip from the i-th on, with shards every n-th shard. Its journal and its unfinished files
    are in the folder `parts/<i>-of-<n>` of the output folder, so that each part continues by itself; the clips of all
    parts lie side by side. `merge` makes of them what one undisturbed run makes, byte for byte.

    Args:
        settings: As of `Preparation`.
        raw: As of `Preparation`.
        out: The output folder: new, empty, or that of parts with the same settings.
        limit: As of `Preparation`; the same for all parts and the merging.
    """

    def run_part(
        self,
        part: tuple[int, int],
        workers: int = 1,
        retry_failed: bool = False,
        clip_timeout_sec: float = CLIP_TIMEOUT_SEC,
    ) -> dict[str, int]:
        """Prepare what is not prepared yet of one part.

        Args:
            part: `(3, 16)`: every 16th clip or shard, from the third on.
            workers: As of `Preparation.run`, as the others.
            retry_failed: Retry the clips that were left out because of their media.
            clip_timeout_sec: A raw clip that takes longer than this is left out.

        Returns:
            `clips`: how many raw clips the part has; `failed`: how many of them were left out as a whole.

        Raises:
            ConfigError: `workers` or `clip_timeout_sec` is not positive.
            PreparationError: The disk is full; the folder has something else, a whole preparation, or parts of another
                total; this part was started with other settings, or another run is at work on it.
        """
        check_run(workers, clip_timeout_sec)
        self._require_parts(part[1])
        self._part, self._home = part, _home(self._out, part)
        with self._open(part) as journal, disk_failures(self._out):
            self._prepare(journal, workers, retry_failed, clip_timeout_sec)
            records = [journal.read(unit.name) for unit in self._units()]
        failed = sum(is_failed(record['outcomes']) for record in records if record is not None)
        return dict(clips=sum(len(unit.jobs) for unit in self._units()), failed=failed)

    def merge(self) -> dict[str, Any]:
        """Write lists, manifest and summary of all parts, and one journal in place of theirs.

        Returns:
            The summary.

        Raises:
            PreparationError: Parts are missing, unfinished, doubled, of different totals or other settings, or a run is
                at work on one of them; the disk is full.
        """
        of = self._require_all_parts()
        with disk_failures(self._out), ExitStack() as stack:
            journals = [stack.enter_context(self._open((number, of))) for number in range(1, of + 1)]
            self._require_finished(journals)
            with replacing(self._out / FILE) as path, open(path, 'wb') as file:
                file.writelines(self._lines(journals))
            with Journal(self._out, self._header()) as journal:
                summary = self._write_results(journal)
        remove([self._out / PARTS])
        return summary

    def _open(self, part: tuple[int, int]) -> Journal:
        home = _home(self._out, part)
        return Journal(home, self._header() | dict(part=list(part)), advice=f'Use the same settings, or remove {home}.')

    def _lines(self, journals: list[Journal]) -> Iterator[bytes]:
        yield line_of(self._header())
        for number, unit in enumerate(self._units()):
            yield line_of([unit.name, journals[number % len(journals)].read(unit.name)])

    def _require_parts(self, of: int) -> None:
        """Refuse a folder that has something else than parts of a division into `of`."""
        if (self._out / FILE).exists():
            raise PreparationError(
                f'{self._out} holds a preparation that is not divided, or was merged: leave out --part, or choose '
                'another folder'
            )
        if self._out.is_dir() and any(self._out.iterdir()) and not (self._out / PARTS).is_dir():
            raise PreparationError(f'{self._out} is not empty and not a preparation: choose another folder')
        if others := {total for _, total in self._found()} - {of}:
            raise PreparationError(
                f'{self._out} has parts of {", ".join(map(str, sorted(others)))}, not of {of}: use that, or choose '
                'another folder'
            )

    def _require_all_parts(self) -> int:
        """Return into how many parts the preparation is divided; each of them is there, once."""
        found = self._found()
        totals = sorted({of for _, of in found})
        if not totals:
            done = ', or they were merged before' if (self._out / FILE).exists() else ''
            raise PreparationError(f'{self._out} has no parts: run them first, with --part{done}')
        if len(totals) > 1:
            raise PreparationError(
                f'{self._out / PARTS} has parts of {" and of ".join(map(str, totals))}: remove those that do not belong'
            )
        of, times = totals[0], Counter(number for number, _ in found)
        for what, numbers in (
            ('missing: run them', [number for number in range(1, of + 1) if not times[number]]),
            (
                'there more than once: remove what does not belong',
                [n for n in times if times[n] > 1 or not 1 <= n <= of],
            ),
        ):
            if numbers:
                raise PreparationError(f'{self._out}: parts {_names(numbers, of)} are {what}')
        return of

    def _require_finished(self, journals: list[Journal]) -> None:
        left = Counter[int]()
        for number, unit in enumerate(self._units()):
            part = number % len(journals)
            if not self._is_done(unit, journals[part], retry_failed=False):
                left[part + 1] += len(unit.jobs)
        if left:
            raise PreparationError(
                f'{self._out}: parts {_names(sorted(left), len(journals))} are not finished, {left.total()} clips are '
                'left: run them again'
            )

    def _found(self) -> list[tuple[int, int]]:
        names = (self._out / PARTS).iterdir() if (self._out / PARTS).is_dir() else ()
        return [(int(match[1]), int(match[2])) for name in names if (match := NAME.fullmatch(name.name))]


def _names(numbers: list[int], of: int) -> str:
    return ', '.join(f'{number}/{of}' for number in numbers)


def _home(out: Path, part: tuple[int, int]) -> Path:
    return out / PARTS / f'{part[0]}-of-{part[1]}'
