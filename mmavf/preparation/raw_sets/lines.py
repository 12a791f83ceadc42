"""Reading of texts without columns that come with raw data sets."""

from pathlib import Path

from mmavf.errors import RawDataError


def read_lines(path: Path, encoding: str = 'utf-8-sig') -> list[str]:
    """Return the lines of a text, without surrounding white space.

    Raises:
        RawDataError: The file cannot be read, or is no text.
    """
    try:
        return [line.strip() for line in path.read_text(encoding=encoding).splitlines()]
    except OSError as error:
        raise RawDataError(f'{path}: the file cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise RawDataError(f'{path}: this is no text in {encoding} ({error.reason} at byte {error.start})') from error
