"""The manifest: what it holds, and that order does not matter."""

import json

from mmavf.preparation.manifest import manifest_text
from mmavf.preparation.outcome import Outcome
from mmavf.preparation.raw_clip import LeftOut
from mmavf.preparation.settings import PrepareSettings, source_sha256

HEADER = dict(settings=dict(size=160, pack='mp4'), index='ab')
CAME = [Outcome(id='ü', raw_id='ü', video='clips/ü.mp4', frames=3), Outcome(id='b', raw_id='b', reason='no face')]
LEFT = [LeftOut('x', 'no label'), LeftOut('x', 'no video')]


def test_it_is_json_with_a_line_per_source_and_clip():
    text = manifest_text(HEADER, {'b': None, 'a/1': 'ff'}, CAME, LEFT)
    made = json.loads(text)
    assert made['settings'] == HEADER['settings'] and made['index'] == 'ab'
    assert made['sources'] == [['a/1', 'ff'], ['b', None]]
    assert made['clips'][0]['video'] == 'clips/ü.mp4' and made['clips'][1] == dict(id='b', raw_id='b', reason='no face')
    assert made['left_out'] == [['x', 'no label'], ['x', 'no video']]
    assert len(text.splitlines()) == 4 + 2 * 3 + 2 + 2 + 2


def test_the_order_in_which_files_were_hashed_does_not_show():
    assert manifest_text(HEADER, {'b': 'e', 'a': 'f'}, CAME, []) == manifest_text(
        HEADER, {'a': 'f', 'b': 'e'}, CAME, []
    )


def test_hash_of_a_source(tmp_path):
    folder = tmp_path / 'frames'
    folder.mkdir()
    (folder / '1.jpg').write_bytes(b'abc')
    # of the standard, FIPS 180-2
    assert source_sha256(folder / '1.jpg') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    one = source_sha256(folder)
    (folder / '2.jpg').write_bytes(b'')
    two = source_sha256(folder)
    (folder / '2.jpg').rename(folder / '3.jpg')
    assert len({one, two, source_sha256(folder)}) == 3
    assert source_sha256(tmp_path / 'none') is None


def test_settings_name_no_folder_of_the_machine_but_the_content_of_files(tmp_path):
    records = []
    for name, content in (('a', 'x'), ('b', 'x'), ('c', 'y')):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'boxes.csv').write_text(content)
        settings = PrepareSettings(
            dataset='custom',
            detector=f'boxes:{tmp_path}/{name}/boxes.csv',
            options=dict(labels=f'{tmp_path}/{name}/l.csv', fps=25),
        )
        records.append(settings.record())
    assert records[0] == records[1] != records[2]
    assert str(tmp_path) not in json.dumps(records) and records[0]['options'] == dict(labels='l.csv', fps=25)
