"""Files are replaced as a whole, or stay as they were."""

import csv

import pytest

from mmavf.files.atomic_file import replacing, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_stays_until_the_block_ends(tmp_path):
    path = tmp_path / 'table.csv'
    path.write_text('old')
    with replacing(path) as temporary:
        with open(temporary, 'w', newline='') as file:
            csv.writer(file, lineterminator='\n').writerow(['a', 'b'])
        assert path.read_text() == 'old' and temporary.parent == tmp_path
    assert path.read_text() == 'a,b\n' and names(tmp_path) == ['table.csv']


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize('old', ['old', None])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, error, old):
    path = tmp_path / 'file'
    if old:
        path.write_text(old)
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text('half')
        raise error
    assert names(tmp_path) == ['file'] * bool(old)
    assert old is None or path.read_text() == old


def test_a_block_that_writes_nothing_leaves_the_old_file(tmp_path):
    (tmp_path / 'file').write_text('old')
    with pytest.raises(FileNotFoundError), replacing(tmp_path / 'file'):
        pass
    assert (tmp_path / 'file').read_text() == 'old'


@pytest.mark.parametrize(('content', 'expected'), [(b'\x00\r\n', b'\x00\r\n'), ('é\n', b'\xc3\xa9\n'), ('', b'')])
def test_contents_are_written_to_the_byte_into_a_new_folder(tmp_path, content, expected):
    write_atomically(tmp_path / 'new' / 'folder' / 'file', content)
    assert (tmp_path / 'new' / 'folder' / 'file').read_bytes() == expected
