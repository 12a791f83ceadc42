"""Progress of a prediction on the screen."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class PredictProgress:
    """A bar for the windows of the current recording, on a terminal only; a line for each finished one. A context.

    Args:
        total: Number of recordings.
    """

    def __init__(self, total: int) -> None:
        self._total, self._number = total, 0
        self._console = Console(stderr=True)
        columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TextColumn('windows')
        self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
        self._task = self._bar.add_task('', total=None)
        self._path = Path()

    def __enter__(self) -> 'PredictProgress':
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def begin(self, path: Path) -> None:
        """Begin a recording."""
        self._number += 1
        self._path = path
        self._bar.reset(self._task, description=f'{self._number}/{self._total} {path.name}: faces', total=None)

    def advance(self, done: int, total: int) -> None:
        """Show how many of its windows are done."""
        description = f'{self._number}/{self._total} {self._path.name}'
        self._bar.update(self._task, description=description, completed=done, total=total)

    def end(self, text: str) -> None:
        """Show what became of the recording."""
        self._console.print(
            f'{self._number}/{self._total} {self._path}: {text}', markup=False, highlight=False, soft_wrap=True
        )
