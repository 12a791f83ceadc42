"""Which checkpoint `last_checkpoint` means, also after a power cut or a move."""

import os

import pytest

from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
from mmavf.errors import CheckpointError


def test_the_file_beside_it_is_meant(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    (tmp_path / 'epoch_2.pth').touch()
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/epoch_2.pth\n')
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_2.pth'
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other/last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    assert latest_checkpoint(tmp_path / 'other') == tmp_path / 'epoch_2.pth'


@pytest.mark.parametrize('content', [b'', b'\n', bytes(60), b'/elsewhere/epoch_3.pth', b'\xff\xfe', b'.', b'/'])
def test_a_note_that_names_no_checkpoint_is_said_with_the_newest_there(tmp_path, content):
    (tmp_path / 'last_checkpoint').write_bytes(content)
    with pytest.raises(CheckpointError, match='there is no checkpoint in the folder'):
        latest_checkpoint(tmp_path)
    for age, name in enumerate(('iter_40.pth', 'epoch_1.pth')):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    with pytest.raises(CheckpointError, match=rf'--resume {tmp_path}/epoch_1\.pth, the newest'):
        latest_checkpoint(tmp_path)
