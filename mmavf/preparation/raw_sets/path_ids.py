"""Ids of clips from the paths of their files."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256

LONGEST = 100


def safe_id(name: str, hashed: str = '') -> str:
    """Return a name as an id: itself where it can be one, else what is left of it and the start of a hash.

    It depends on nothing but the arguments, so that an id stays the same whatever else there is.

    Args:
        name: A name or path in any script.
        hashed: What the hash is of; '' for the name. Where it is given, the hash is added in any case.
    """
    name = unicodedata.normalize('NFC', name)
    plain = re.sub(r'[^A-Za-z0-9_.-]+', '_', name)[-LONGEST:]
    if plain == name and not hashed and not name.startswith('.'):
        return name
    digest = sha256(unicodedata.normalize('NFC', hashed or name).encode(errors='backslashreplace')).hexdigest()
    return f'{plain.strip("_.-") or "clip"}-{digest[:8]}'


def ids_of_paths(stems: Mapping[str, str]) -> dict[str, str]:
    """Return the id of each path: the path without suffix where that can be an id, else with a hash (see `safe_id`).

    Paths that differ in their suffix alone have the hash of the whole path.

    Args:
        stems: For each path, relative and with forward slashes, the path without suffix.
    """
    count = Counter(stems.values())
    return {path: safe_id(stem, path if count[stem] > 1 else '') for path, stem in stems.items()}
