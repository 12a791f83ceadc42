"""YAML that is wrong is told so, whatever the parser makes of it."""

import pytest

from mmavf.errors import ConfigError
from mmavf.files.strict_yaml import read_yaml


@pytest.mark.parametrize('text', ['? [a, b]\n: 1\n', 'date: 2024-13-45\n', 'a: 1\na: 2\n', 'a: [1\n'])
def test_a_wrong_file_is_named(text, tmp_path):
    (tmp_path / 'a.yml').write_text(text)
    with pytest.raises(ConfigError, match=r'a\.yml cannot be read'):
        read_yaml(tmp_path / 'a.yml')


def test_numbers_with_an_exponent_are_numbers(tmp_path):
    (tmp_path / 'a.yml').write_text('rate: 1e-3\nboth: {a: 1, b: x}\n')
    assert read_yaml(tmp_path / 'a.yml') == dict(rate=1e-3, both=dict(a=1, b='x'))
