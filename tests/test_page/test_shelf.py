"""Files of visitors: each sees its own, and none stay."""

import os
import stat
import time

import pytest

from mmavf.page.shelf import KEPT_SEC, Shelf


@pytest.fixture
def shelf():
    with Shelf() as opened:
        yield opened


def upload(shelf, name='clip.mp4', content=b'clip'):
    path = shelf.uploads / name
    path.write_bytes(content)
    return path


def root(shelf):
    return shelf.uploads.parent


def test_a_clip_is_found_by_its_token_and_by_its_visitor_alone(shelf):
    one, two = (shelf.put(visitor, upload(shelf, f'{visitor}.mp4')) for visitor in ('one', 'two'))
    assert shelf.find(one.token) is shelf.of('one') is one and shelf.find(two.token) is shelf.of('two') is two
    assert one.token != two.token and len(one.token) >= 32 and one.folder != two.folder
    assert shelf.find('') is None and shelf.find(one.token[:-1]) is None and shelf.of('three') is None
    assert stat.S_IMODE(root(shelf).stat().st_mode) == 0o700


def test_names_of_uploads_are_kept_but_name_no_file(shelf):
    clip = shelf.put('one', upload(shelf, "表情 ; '$(x)'.MP4"))
    assert clip.name == "表情 ; '$(x)'.MP4" and clip.source.name == 'source.mp4'
    assert clip.source.read_bytes() == b'clip'


def test_the_next_clip_leaving_and_closing_remove_files(shelf):
    one = shelf.put('one', upload(shelf))
    other = shelf.put('other', upload(shelf, 'other.mp4'))
    two = shelf.put('one', upload(shelf, 'two.mp4'))
    assert not one.folder.exists() and not one.upload.exists() and shelf.find(one.token) is None
    assert two.source.exists() and other.source.exists()
    shelf.remove('one')
    shelf.remove('one')
    assert not two.folder.exists() and not two.upload.exists() and other.source.exists()
    shelf.close()
    assert not root(shelf).exists()


def test_a_finished_clip_keeps_only_what_was_made_of_it(shelf):
    clip = shelf.put('one', upload(shelf))
    (clip.folder / 'timeline.json').write_text('{}')
    clip.finish()
    assert [path.name for path in root(shelf).rglob('*') if path.is_file()] == ['timeline.json']


def test_the_same_file_of_two_visitors_is_two_clips(shelf):
    shelf.put('one', upload(shelf))
    two = shelf.put('two', upload(shelf))
    shelf.remove('one')
    assert two.source.read_bytes() == b'clip'


def test_an_upload_that_is_gone_leaves_the_former_clip(shelf):
    one = shelf.put('one', upload(shelf))
    with pytest.raises(FileNotFoundError):
        shelf.put('one', shelf.uploads / 'gone.mp4')
    assert shelf.of('one') is one and sorted(root(shelf).iterdir()) == sorted([one.folder, shelf.uploads])


def test_what_is_old_is_removed_when_the_next_clip_comes(shelf, monkeypatch):
    old = shelf.put('old', upload(shelf))
    forgotten = upload(shelf, 'forgotten.mp4')
    clocks = {name: getattr(time, name) for name in ('monotonic', 'time')}
    for name, clock in clocks.items():
        monkeypatch.setattr(f'mmavf.page.shelf.time.{name}', lambda clock=clock: clock() + KEPT_SEC + 5)
    new = upload(shelf, 'new.mp4')
    os.utime(new, (clocks['time']() + KEPT_SEC, clocks['time']() + KEPT_SEC))
    shelf.put('new', new)
    assert not old.folder.exists() and not forgotten.exists() and shelf.find(old.token) is None
    assert shelf.of('new').source.exists()
