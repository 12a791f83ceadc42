"""Kind of a file that should be a checkpoint, recognised by its first bytes."""

import os
import stat

from mmavf.errors import CheckpointError

_HEAD = 512  # bytes; the signature of a tar archive is at 257
_TORCH_MAGIC = b'l\xfc\x9cF\xf9 j\xa8P\x19.'  # torch.serialization.MAGIC_NUMBER, as a pickle holds it
_MAX_HEADER = 100_000_000  # bytes; longer headers safetensors itself refuses
_UNPACK = 'Unpack it and pass the checkpoint in it.'
_ELSEWHERE = 'Pass a file that torch.save or safetensors wrote.'
_SIGNS = (
    (0, b'\x1f\x8b', 'a gzip file', _UNPACK),
    (0, b'BZh', 'a bzip2 file', _UNPACK),
    (0, b'\xfd7zXZ\0', 'an xz file', _UNPACK),
    (0, b'\x28\xb5\x2f\xfd', 'a zstd file', _UNPACK),
    (0, b"7z\xbc\xaf'\x1c", 'a 7z archive', _UNPACK),
    (0, b'Rar!\x1a', 'a RAR archive', _UNPACK),
    (257, b'ustar', 'a tar archive', _UNPACK),
    (0, b'\x89HDF', 'an HDF5 file, as Keras writes it', _ELSEWHERE),
    (0, b'\x93NUMPY', 'a NumPy array', _ELSEWHERE),
    (0, b'GGUF', 'a GGUF file', _ELSEWHERE),
    (0, b'version https://git-lfs', 'a Git LFS pointer: the weights were not fetched', 'Run git lfs pull there.'),
    (0, bytes(16), 'full of zeros: it was not written to its end', 'Take another checkpoint.'),
)


def kind_of(path: str | os.PathLike) -> str:
    """Return how a checkpoint is to be read: `'zip'`, `'legacy'` (torch.save up to torch 1.5) or `'safetensors'`.

    Raises:
        CheckpointError: It is nothing of these; the message says what it is and what to do.
        OSError: It cannot be read, or does not exist.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise CheckpointError(f'Checkpoint {path} is a folder: pass the file in it.')
    if not stat.S_ISREG(mode):  # reading a pipe might never end
        raise CheckpointError(f'Checkpoint {path} is a pipe or a device: pass a file on the disk.')
    with open(path, 'rb') as file:
        head = file.read(_HEAD)
    if head.startswith(b'PK'):
        return 'zip'
    if head.startswith(b'\x80') and _TORCH_MAGIC in head[:32]:
        return 'legacy'
    if head[8:9] == b'{' and int.from_bytes(head[:8], 'little') <= _MAX_HEADER:
        return 'safetensors'
    what, advice = _describe(head)
    raise CheckpointError(f'Checkpoint {path} is {what}. {advice}')


def _describe(head: bytes) -> tuple[str, str]:
    """Return what a file is that holds no checkpoint, and what to do."""
    if not head:
        return 'empty: writing or downloading it broke off', 'Take another checkpoint, or get it again.'
    for start, sign, what, advice in _SIGNS:
        if head.startswith(sign, start):
            return what, advice
    begin = head.removeprefix(b'\xef\xbb\xbf').lstrip().lower()
    if begin.startswith((b'<!doctype', b'<html', b'<?xml', b'<head')):
        return 'a web page: the address led to one, or asked for a login', 'Download the file itself.'
    if head.startswith(b'\x80'):
        return 'a plain pickle, which torch.save did not write', 'Write its weights anew by torch.save.'
    if head.startswith((b'\xff\xfe', b'\xfe\xff')) or all(byte >= 32 or byte in b'\t\n\f\r' for byte in head):
        return 'a text file', _ELSEWHERE
    return 'no checkpoint, or its beginning is damaged', _ELSEWHERE
