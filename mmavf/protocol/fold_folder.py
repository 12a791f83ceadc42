"""Names of folders for folds and subjects, which may be called anything."""

import hashlib
import re
from urllib.parse import quote, unquote

from mmavf.errors import ConfigError

FOLD = 'fold_'
_MAX_BYTES = 200  # file systems take 255; a checkpoint's name may follow


def fold_folder(fold: str) -> str:
    """Return the name of a fold's folder, another one for each fold: `fold_<name>` for all usual names.

    What no folder's name can hold, a slash or a control character, stands there as %2F and the like. A name that is
    very long is cut and ends with a digest.

    Raises:
        ConfigError: The fold has no name.
    """
    if not fold:
        raise ConfigError('A fold or subject has an empty name, so that it cannot be held out: name it in the list.')
    # a name that itself looks escaped is, so that no other name can look like it
    name = re.sub(r'[/\x00-\x1f\x7f]|%(?=[0-9A-F]{2})', lambda match: quote(match[0], safe=''), fold)
    if len(name.encode()) > _MAX_BYTES:
        digest = hashlib.sha256(fold.encode()).hexdigest()[:16]
        name = name.encode()[: _MAX_BYTES - 20].decode(errors='ignore') + '~' + digest
    return FOLD + name


def fold_of_folder(folder: str) -> str:
    """Return the fold whose folder is called `folder`; of a very long name, the part that the folder's name keeps."""
    return unquote(folder.removeprefix(FOLD))
