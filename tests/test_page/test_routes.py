"""Addresses of the player: the files of a clip for who knows its token, 404 for anybody else."""

import json
import re

import pytest

from mmavf.page.shelf import Shelf
from mmavf.timeline import read_json, write_csv, write_json
from tests.helpers.timelines import classifier, face, source, timeline, windows

fastapi = pytest.importorskip('fastapi', reason="pip install '.[page]'")
testclient = pytest.importorskip('fastapi.testclient', reason="pip install '.[page]'")
NAME = 'a "<b>&é.mp4'


@pytest.fixture
def shelf():
    with Shelf() as opened:
        yield opened


@pytest.fixture
def client(shelf):
    from mmavf.page.guard import Guard
    from mmavf.page.routes import player_router

    app = fastapi.FastAPI()
    app.include_router(player_router(shelf))
    return testclient.TestClient(Guard(app))


@pytest.fixture
def clip(shelf):
    upload = shelf.uploads / NAME
    upload.write_bytes(b'upload')
    made = shelf.put('visitor', upload)
    model = classifier(['</script><b>', *classifier().names[1:]])
    line = timeline(source(NAME), model, (face(1, 0.0, 6.0),), windows(model, 1, 0.0, 6.0), ('A note & more.',))
    write_json(line, made.folder / 'timeline.json')
    write_csv(line, made.folder / 'timeline.csv')
    (made.folder / 'media.mp4').write_bytes(bytes(range(100)))
    return made


def test_the_files_of_a_clip(client, clip):
    page = client.get(f'/clips/{clip.token}/')
    assert page.status_code == 200 and page.headers['cache-control'] == 'no-store'
    files = {name: client.get(f'/clips/{clip.token}/{name}') for name in ('timeline.json', 'timeline.csv')}
    for name, answer in files.items():
        assert answer.content == (clip.folder / name).read_bytes()
        assert answer.headers['content-disposition'] == (
            f"attachment; filename*=utf-8''a%20%22%3Cb%3E%26%C3%A9{name[-5:] if 'json' in name else '.csv'}"
        )


def test_a_part_of_the_media_can_be_asked_for(client, clip):
    part = client.get(f'/clips/{clip.token}/media.mp4', headers={'Range': 'bytes=10-19'})
    assert part.status_code == 206 and part.content == bytes(range(10, 20))


def test_names_in_the_page_are_text(client, clip):
    text = client.get(f'/clips/{clip.token}/').text
    assert '<h2>a &#34;&lt;b&gt;&amp;é.mp4</h2>' in text and 'A note &amp; more.' in text
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert json.loads(data)['names'][0] == '</script><b>'
    assert read_json(clip.folder / 'timeline.json').model.names[0] == '</script><b>'


@pytest.mark.parametrize(
    'path',
    [
        '/clips/',
        '/clips/x/',
        '/clips/x/media.mp4',
        '/clips/{token}/source.mp4',
        '/clips/{token}/..%2f..%2fuploads%2fa',
        '/clips/%2e%2e/uploads/',
        '/player/player.html',
        '/player/..%2froutes.py',
    ],
)
def test_there_is_nothing_else(client, clip, path):
    assert client.get(path.format(token=clip.token)).status_code == 404


def test_a_clip_that_is_removed_or_unfinished_is_not_there(client, clip, shelf):
    (clip.folder / 'timeline.json').unlink()
    assert client.get(f'/clips/{clip.token}/').status_code == 404
    shelf.remove('visitor')
    assert client.get(f'/clips/{clip.token}/media.mp4').status_code == 404


def test_every_answer_forbids_to_load_from_elsewhere(client, clip):
    for path in (f'/clips/{clip.token}/', '/clips/x/', '/player/player.js'):
        policy = client.get(path).headers['content-security-policy']
        assert re.match(r"default-src '(self|none)'", policy) and 'http' not in policy and '*' not in policy
    assert client.get('/player/player.js').headers['content-type'].startswith('text/javascript')
