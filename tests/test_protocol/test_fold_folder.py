"""Folders of folds that may be called anything."""

import itertools

import pytest

from mmavf.errors import ConfigError
from mmavf.protocol.fold_folder import fold_folder, fold_of_folder

USUAL = ('1', '0', 's01', 'validation', 'Zoë B', '-anna', '..', '50%', 'con:x', 'a_b', 'a+b')
UNUSUAL = ('a/b', 'a%2Fb', 'a%252Fb', '/', '\n', 'a\x00b', '%41')


@pytest.mark.parametrize('fold', USUAL)
def test_usual_names_stand_as_they_are(fold):
    assert fold_folder(fold) == f'fold_{fold}' and fold_of_folder(fold_folder(fold)) == fold


@pytest.mark.parametrize('fold', UNUSUAL)
def test_others_can_be_read_back(fold, tmp_path):
    (tmp_path / fold_folder(fold)).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [fold_folder(fold)]
    assert fold_of_folder(fold_folder(fold)) == fold


def test_no_two_names_share_a_folder(tmp_path):
    names = {''.join(word) for length in range(1, 6) for word in itertools.product('/%25F', repeat=length)}
    names |= {'é' * 300, 'é' * 299, 'x' * 200, 'x' * 201}
    folders = {fold_folder(name) for name in names}
    assert len(folders) == len(names)
    for folder in sorted(folders, key=len)[-4:]:
        (tmp_path / folder).mkdir()


def test_no_name():
    with pytest.raises(ConfigError, match='empty name'):
        fold_folder('')
