"""Typed errors of the package.

Every error takes one message string, so that it survives the trip out of a data worker: PyTorch rebuilds a worker's
exception from its class and its message.
"""

import re


def printable(text: str) -> str:
    r"""Return a text as UTF-8 can write it: bytes of a file name that are not UTF-8 are shown as in `caf\xe9.mp4`."""
    text = re.sub('[\udc80-\udcff]', lambda byte: f'\\x{ord(byte[0]) - 0xDC00:02x}', text)
    return text.encode('utf-8', 'backslashreplace').decode()


class MMAVFError(Exception):
    """Base of all errors that the package raises on purpose; its message can always be printed and written."""

    def __init__(self, message: str = '') -> None:
        super().__init__(printable(message))


class ConfigError(MMAVFError, ValueError):
    """A configuration value cannot work, or two of them contradict each other."""


class ListError(MMAVFError, ValueError):
    """A list of clips is missing, malformed or contradicts another list."""


class ClipError(MMAVFError, RuntimeError):
    """A clip exists but cannot be used: no video or sound stream, damaged, empty, not media."""


class MissingModalityError(ClipError):
    """A recording lacks what a model needs: it has no sound, no video or no face."""


class TooManyBadSamplesError(MMAVFError, RuntimeError):
    """More clips of a list turned out unusable than the data set's `max_bad_ratio` allows."""


class NonFiniteLossError(MMAVFError, RuntimeError):
    """The loss or its gradient was not finite for too many steps in a row."""


class CheckpointError(MMAVFError, RuntimeError):
    """A checkpoint cannot be read, is not trusted, or does not fit the model."""


class WorkDirError(MMAVFError, RuntimeError):
    """A folder of results cannot be used: another run is at work in it, or it cannot be written to."""


class RawDataError(MMAVFError, ValueError):
    """A raw data set is not where, or not laid out as, its parser expects."""


class PreparationError(MMAVFError, RuntimeError):
    """Preparation cannot go on: other settings than those begun with, no room on the disk."""


class MachineError(MMAVFError, RuntimeError):
    """The machine does not give what a command needs: memory, room on the disk, a folder that it may write to."""


class ResultError(MMAVFError, ValueError):
    """A file of results is damaged, or written by another version."""
