"""Ids of clips from the paths of their files."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256

LONGEST = 100


def safe_id(name: str, hashed: str = '') -> str:
    """Return a name as an id: unchanged if it is valid, else its valid characters and the start of a hash.

    It depends only on the arguments, so that an id stays the same whatever other files exist.

    Args:
        name: A name or path in any script.
        hashed: Text to hash; '' for the name. If it is given, the hash is always added.
    """
    name = unicodedata.normalize('NFC', name)
    plain = re.sub(r'[^A-Za-z0-9_.-]+', '_', name)[-LONGEST:]
    if plain == name and not hashed and not name.startswith('.'):
        return name
    digest = sha256(unicodedata.normalize('NFC', hashed or name).encode(errors='backslashreplace')).hexdigest()
    return f'{plain.strip("_.-") or "clip"}-{digest[:8]}'


def ids_of_paths(stems: Mapping[str, str]) -> dict[str, str]:
    """Return the id of each path: the path without suffix if that is a valid id, else with a hash (see `safe_id`).

    Paths that differ only in their suffix get the hash of the whole path.

    Args:
        stems: For each path, relative and with forward slashes, the path without suffix.
    """
    count = Counter(stems.values())
    return {path: safe_id(stem, path if count[stem] > 1 else '') for path, stem in stems.items()}
