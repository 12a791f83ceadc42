"""Names of face detectors on command lines and in settings: `cascade`, `yunet:FILE`, `boxes:PATH`, `none`."""

from typing import Any

from mmavf.errors import ConfigError

DETECTORS = dict(cascade='CascadeDetector', yunet='YuNetDetector', boxes='BoxFileDetector', none='NoDetector')
_FILE_ARGUMENT = dict(yunet='model', boxes='path')


def detector_config(name: str) -> dict[str, Any]:
    """Return the configuration of a named face detector.

    Raises:
        ConfigError: There is none of this name, or the file that belongs to it is missing or needless.
    """
    kind, _, file = name.partition(':')
    if kind not in DETECTORS:
        raise ConfigError(f'detector must be one of {", ".join(DETECTORS)}, not {kind!r}')
    if bool(file) != (kind in _FILE_ARGUMENT):
        raise ConfigError('detector must be cascade, none, yunet:FILE or boxes:PATH')
    return dict(type=DETECTORS[kind], **({_FILE_ARGUMENT[kind]: file} if file else {}))
