"""Hashes of files."""

from hashlib import sha256
from pathlib import Path


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal; the file is read block by block.

    Raises:
        OSError: It cannot be read.
    """
    digest = sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
