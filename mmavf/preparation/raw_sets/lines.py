"""Reading of plain text files of raw data sets."""

from pathlib import Path

from mmavf.errors import RawDataError
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import clean_cell


def read_lines(path: Path, encoding: str = 'utf-8-sig') -> list[str]:
    """Return the lines of a text, without surrounding white space.

    Raises:
        RawDataError: The file cannot be read, or is not text.
    """
    try:
        lines = [clean_cell(line) for line in path.read_text(encoding=encoding).splitlines()]
    except OSError as error:
        raise RawDataError(f'{path}: the file cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise RawDataError(f'{path}: this is not text in {encoding} ({error.reason} at byte {error.start})') from error
    if fault := why_unreadable(path, ''):
        raise RawDataError(f'{path}: {fault}')
    return lines
