"""The checksums of a checkpoint, which torch.load does not compare."""

import logging
import os
import zipfile
import zlib

from mmengine.logging import print_log

from mmavf.errors import CheckpointError

_BLOCK = 1 << 20  # bytes read at once


def check_archive(path: str | os.PathLike, weights: bool = True) -> None:
    """Compare the CRC-32 of every part of a zip archive that torch.save wrote with its content.

    Args:
        path: The archive.
        weights: Also of the tensors' parts, which are nearly all of it; about a second for each GB.

    Raises:
        CheckpointError: A part is damaged, the archive is cut off, or torch.save did not write it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_origin(path, [member.filename for member in members])
            if not any(member.CRC for member in members):  # torch.serialization.set_crc32_options(False)
                print_log(f'{path} was written without checksums: damage cannot be seen.', 'current', logging.WARNING)
                return
            for member in members:
                if weights or '/data/' not in member.filename:
                    _check_member(path, archive, member)
    except zipfile.BadZipFile as error:
        raise CheckpointError(
            f'Checkpoint {path} is cut off or damaged: the list of its parts, at its end, cannot be read. '
            'Take another checkpoint, or get it again.'
        ) from error


def _check_member(path: str | os.PathLike, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    try:
        with archive.open(member) as file:
            while file.read(_BLOCK):
                pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(
            f'Checkpoint {path} is damaged: its part {member.filename} is not what was written (CRC-32). Take another '
            'checkpoint, or get it again.'
        ) from error


def _check_origin(path: str | os.PathLike, names: list[str]) -> None:
    """Refuse archives that others wrote, such as .npz, or torch.jit.save."""
    parts = {name.partition('/')[2] for name in names}
    if 'constants.pkl' in parts:
        raise CheckpointError(
            f'Checkpoint {path} is a TorchScript program (torch.jit.save), which may hold code: write its weights '
            'anew by torch.save(model.state_dict(), FILE).'
        )
    if 'data.pkl' not in parts:
        listed = ', '.join(names[:3]) or 'nothing'
        raise CheckpointError(
            f'Checkpoint {path} is a zip archive that torch.save did not write; it holds {listed}. Unpack it and give '
            'the checkpoint in it, if there is one.'
        )
