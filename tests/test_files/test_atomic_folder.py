"""A folder appears whole or not at all."""

import pytest

from mmavf.errors import ConfigError
from mmavf.files.atomic_folder import check_new_folder, making_folder


def test_a_folder_is_there_when_the_block_has_ended(tmp_path):
    leftover = tmp_path / 'deep/new.unfinished'
    leftover.mkdir(parents=True)  # of a process that was killed
    (leftover / 'old').touch()
    with making_folder(tmp_path / 'deep/new') as temporary:
        (temporary / 'file').write_text('whole')
        assert not (tmp_path / 'deep/new').exists()
    assert [path.name for path in (tmp_path / 'deep').rglob('*')] == ['new', 'file']


@pytest.mark.parametrize('name', ['.', 'link'])
def test_an_empty_folder_may_be_the_current_one_or_behind_a_link(name, tmp_path, monkeypatch):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'empty/link').symlink_to(tmp_path / 'other')
    (tmp_path / 'other').mkdir()
    monkeypatch.chdir(tmp_path / 'empty')
    if name == '.':
        (tmp_path / 'empty/link').unlink()
    with making_folder(name) as temporary:
        (temporary / 'file').touch()
    assert (tmp_path / ('empty' if name == '.' else 'other') / 'file').exists()


@pytest.mark.parametrize('error', [OSError, KeyboardInterrupt])
def test_nothing_is_left_where_the_block_fails(error, tmp_path):
    (tmp_path / 'new').mkdir()
    with pytest.raises(error), making_folder(tmp_path / 'new') as temporary:
        (temporary / 'file').touch()
        raise error
    assert list(tmp_path.rglob('*')) == [tmp_path / 'new']


def test_what_is_there_is_not_replaced(tmp_path):
    (tmp_path / 'file').touch()
    for path, message in (
        (tmp_path, 'is a folder with files in it: choose a new one'),
        (tmp_path / 'file', 'is a file, and a folder is to be written'),
        (tmp_path / 'file/new', 'cannot be written: you may not write to'),
    ):
        with pytest.raises(ConfigError, match=message):
            check_new_folder(path)
    check_new_folder(tmp_path / 'a/b/c')
    assert not (tmp_path / 'a').exists()
