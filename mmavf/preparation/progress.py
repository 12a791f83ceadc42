"""Progress of a preparation, on the screen or in the log."""

from time import monotonic

from mmengine.logging import MMLogger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY_SEC = 60


class ClipProgress:
    """A bar on a terminal; elsewhere a line in the log every minute. Use it as a context.

    Args:
        total: Number of clips.
        done: Number of those done by earlier runs.
    """

    def __init__(self, total: int, done: int) -> None:
        self._total, self._before, self._done, self._left_out = total, done, done, 0
        self._begin = self._last = monotonic()
        console = Console(stderr=True)
        columns = TextColumn('Clips'), BarColumn(), MofNCompleteColumn(), TextColumn('{task.fields[note]}')
        self._bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
        self._task = self._bar.add_task('', total=total, completed=done, note='')
        self._on_screen = console.is_terminal

    def __enter__(self) -> 'ClipProgress':
        if self._on_screen:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._on_screen:  # else it writes an empty line
            self._bar.stop()

    def add(self, left_out: bool) -> None:
        """Count a clip."""
        self._done += 1
        self._left_out += left_out
        if self._on_screen:
            self._bar.update(self._task, advance=1, note=f'{self._left_out} left out' if self._left_out else '')
        elif monotonic() - self._last > LINE_EVERY_SEC:
            self._last = monotonic()
            rate = (self._done - self._before) / (self._last - self._begin)
            MMLogger.get_current_instance().info(
                f'{self._done:,} of {self._total:,} clips ({self._left_out:,} left out), {rate:.1f} clips/s, '
                f'{(self._total - self._done) / rate / 60:.0f} min to go'
            )
