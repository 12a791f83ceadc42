"""The record by which a preparation goes on."""

import pytest
from mmengine.logging import MMLogger

from mmavf.errors import PreparationError
from mmavf.preparation.journal import Journal

HEADER = dict(settings=dict(size=160, options=dict(sheet='v2')), index='abc')
UNITS = {f'clip_{i}': dict(outcomes=[dict(id=f'clip_{i}', reason='ü\n"\u2028' * i)], sources={}) for i in range(3)}


@pytest.fixture
def written(tmp_path):
    """A folder with the journal of a run that did three units."""
    with Journal(tmp_path / 'out', HEADER) as journal:
        for unit, record in UNITS.items():
            journal.write(unit, record)
    return tmp_path / 'out'


def read(folder, **options):
    with Journal(folder, HEADER, **options) as journal:
        return {unit: record for unit in UNITS if (record := journal.read(unit))}


def test_what_was_written_is_read_by_the_next_run(written):
    assert read(written) == UNITS


def test_the_last_word_on_a_unit_counts(written):
    with Journal(written, HEADER) as journal:
        journal.write('clip_1', dict(outcomes=[], sources={'a': None}))
        assert journal.read('clip_1')['sources'] == {'a': None}
    assert read(written) == UNITS | {'clip_1': dict(outcomes=[], sources={'a': None})}


def test_a_journal_cut_at_any_byte_gives_the_lines_that_are_whole_and_can_be_gone_on_with(written):
    whole = (written / 'journal.jsonl').read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord('\n')]
    for size in range(len(whole)):
        (written / 'journal.jsonl').write_bytes(whole[:size])
        complete = sum(end <= size for end in ends[1:])
        assert read(written) == dict(list(UNITS.items())[:complete]), size
        with Journal(written, HEADER) as journal:
            journal.write('clip_2', UNITS['clip_2'])
        assert read(written) == dict([*list(UNITS.items())[:complete], ('clip_2', UNITS['clip_2'])]), size


@pytest.mark.parametrize(
    'damaged',
    [b'["clip_1", {\n', b'["clip_1", {}["clip_1", {}]\n', b'\xe8\xa1\n', b'\0' * 40 + b'\n', b'{}\n'],
)
def test_a_damaged_line_costs_its_unit_alone_and_is_told(written, damaged, monkeypatch):
    told = []
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: told.append(text))
    lines = (written / 'journal.jsonl').read_bytes().splitlines(keepends=True)
    (written / 'journal.jsonl').write_bytes(b''.join([*lines[:2], damaged, *lines[3:]]))
    assert read(written) == {unit: record for unit, record in UNITS.items() if unit != 'clip_1'}
    assert len(told) == 1 and 'journal.jsonl: skipped 1 line' in told[0]


def test_without_its_first_line_nothing_tells_what_a_journal_is_of(written):
    content = (written / 'journal.jsonl').read_bytes()
    (written / 'journal.jsonl').write_bytes(b'{"sett' + content)
    with pytest.raises(PreparationError, match=r'first line, with the settings, cannot be read.*--restart'):
        read(written)
    assert read(written, replaced=['clips']) == {}


def test_other_settings_are_refused_and_named(written):
    other = dict(settings=dict(size=224, options=dict(sheet='v1')), index='abc')
    with pytest.raises(PreparationError) as error, Journal(written, other):
        pass
    assert 'settings.size was 160, is now 224' in str(error.value)
    assert 'settings.options.sheet was "v2", is now "v1"' in str(error.value) and 'index' not in str(error.value)
    assert read(written) == UNITS


def test_two_runs_do_not_work_in_one_folder(written):
    with (
        Journal(written, HEADER),
        pytest.raises(PreparationError, match=r'another run is at work there \(host .*, process \d+, since'),
    ):
        read(written)
    assert read(written) == UNITS


def test_beginning_anew_removes_what_runs_made_and_nothing_else(written):
    for name in ('clips/a.mp4', 'mine/b.txt', 'summary.md'):
        (written / name).parent.mkdir(exist_ok=True)
        (written / name).write_text('text')
    assert read(written, replaced=['clips', 'audio', 'summary.md']) == {}
    assert sorted(path.name for path in written.rglob('*')) == ['b.txt', 'journal.jsonl', 'mine']


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path):
    (tmp_path / 'thesis.tex').write_text('text')
    for replaced in ((), ('thesis.tex',)):
        with pytest.raises(PreparationError, match='not a preparation'):
            read(tmp_path, replaced=replaced)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']
