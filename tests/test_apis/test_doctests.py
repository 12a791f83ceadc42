"""Every public name of `mmavf.apis` has an example, and it works as printed."""

import doctest

import numpy as np
import pytest

import mmavf.apis
from tests.helpers.media import tone, write_media
from tests.helpers.models import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples find where they run: the configs, and two clips without labels."""
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    (tmp_path / 'clips').mkdir()
    frames = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8)
    for name in ('one', 'two'):
        write_media(tmp_path / f'clips/{name}.mp4', frames, tone(1.2))
    (tmp_path / 'clips/clips.csv').write_text('video\none.mp4\ntwo.mp4\n')
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize('name', mmavf.apis.__all__)
def test_the_example_works_as_printed(name, folder):
    (test,) = [
        found
        for found in doctest.DocTestFinder(recurse=False).find(getattr(mmavf.apis, name), name)
        if found.name == name
    ]
    assert test.examples, f'{name} has no example'
    found = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert not found.failed
