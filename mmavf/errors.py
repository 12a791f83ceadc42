"""Typed errors of the package.

Every error takes one message string, so that it survives the trip out of a data worker: PyTorch rebuilds a worker's
exception from its class and its message.
"""


class MMAVFError(Exception):
    """Base of all errors that the package raises on purpose."""


class ConfigError(MMAVFError, ValueError):
    """A configuration value cannot work, or two of them contradict each other."""


class ListError(MMAVFError, ValueError):
    """A list of clips is missing, malformed or contradicts another list."""


class ClipError(MMAVFError, RuntimeError):
    """A clip exists but cannot be used: no video or sound stream, damaged, empty, not media."""


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
