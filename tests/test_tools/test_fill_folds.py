"""tools/data/fill_folds.py: folds by the rules of the cards, and drawn ones."""

import csv

import pytest

from mmavf.datasets.targets import CARDS, folds_by_rule
from mmavf.datasets.targets.grouped_folds import grouped_folds
from mmavf.errors import ConfigError, ListError
from tests.helpers.tools import run_here

# subject and fold as the protocols have them
KNOWN = dict(
    ravdess=[('01', '1'), ('04', '1'), ('05', '2'), ('24', '6')],
    crema_d4=[('1018', '1'), ('1019', '2'), ('1091', '5')],
    crema_d6=[('1001', '1'), ('1072', '4'), ('1073', '5')],
    werewolf_xl=[('06', '1'), ('07', '2'), ('30', '5')],
    iemocap=[('Ses01F', '1'), ('Ses05M', '5')],
    enterface05=[('1', '1'), ('11', '2'), ('28', '3'), ('29', '4'), ('44', '5')],
    msp_improv=[('F01', '1'), ('M06', '6')],
    avcaffe_arousal=[('aiim001', 'test'), ('aiim003', 'train'), ('aiim108', 'test')],
    avcaffe_valence=[('aiim107', 'test'), ('aiim106', 'train')],
)
REFUSED = dict(
    mafw11='single/no_caption/set_<fold>',
    mafw43='compound',
    dfew=r'EmoLabel_DataSplit/\{train,test\}\(single-labeled\)/set_<fold>\.csv',
    ferv39k=r'test_All\.csv',
    mer_multi=r'test1-label\.csv',
    **dict.fromkeys(('samm', 'casme2', 'smic', 'casme3', 'mmew'), 'one at a time'),
    ravdes='there is no target data set',
)


@pytest.fixture
def run(monkeypatch, capsys):
    return lambda *args: run_here('data/fill_folds.py', *args, monkeypatch=monkeypatch, capsys=capsys)


def test_every_set_has_a_rule_or_is_refused():
    assert {*KNOWN, *REFUSED, 'mer24'} == {*CARDS, 'ravdes'}


@pytest.mark.parametrize('name', KNOWN)
def test_known_folds(name):
    rows = [dict(subject=subject) for subject, _ in KNOWN[name]]
    assert folds_by_rule(name, rows) == [fold for _, fold in KNOWN[name]]


def test_mer24_is_dealt_out_by_class_whatever_the_order():
    rows = [dict(id=f'clip{i}', label='happy' if i % 3 else 'sad') for i in range(60)]
    folds = folds_by_rule('mer24', rows)
    for label, count in (('happy', 8), ('sad', 4)):
        own = [fold for fold, row in zip(folds, rows, strict=True) if row['label'] == label]
        assert {fold: own.count(fold) for fold in own} == dict.fromkeys('12345', count)
    assert folds_by_rule('mer24', rows[::-1]) == folds[::-1]
    numbers = {name: str(number) for number, name in enumerate(CARDS['mer24'].classes)}
    assert folds_by_rule('mer24', [dict(row, label=numbers[row['label']]) for row in rows]) == folds
    rows[7]['label'] = 'glad'
    with pytest.raises(ListError, match="row 8 of the list: .*'glad'"):
        folds_by_rule('mer24', rows)


@pytest.mark.parametrize('name', REFUSED)
def test_sets_without_a_rule_are_refused(name):
    with pytest.raises(ConfigError, match=REFUSED[name]):
        folds_by_rule(name, [dict(subject='01')])


@pytest.mark.parametrize(
    ('subject', 'message'), [('', 'row 2 of the list has no subject'), ('25', "row 2 .*'25' .*actor"), ('x', "'x'")]
)
def test_rows_that_fit_no_fold_are_named(subject, message):
    with pytest.raises(ListError, match=message):
        folds_by_rule('ravdess', [dict(subject='01'), dict(subject=subject)])


@pytest.mark.parametrize(
    ('name', 'subject', 'message'),
    [
        ('avcaffe_arousal', 'AIIM001', 'such as aiim001'),
        ('avcaffe_valence', 'aiim1', 'such as aiim001'),
        ('ravdess', '2_01', 'one number'),
        ('ravdess', 'x', 'one number'),
        ('crema_d4', '1005.0', 'one number'),
    ],
)
def test_subjects_in_another_spelling_are_not_guessed(name, subject, message):
    with pytest.raises(ListError, match=f"row 1 .*'{subject}' .*{message}"):
        folds_by_rule(name, [dict(subject=subject)])


def test_the_tool_fills_the_column_and_leaves_the_rest(tmp_path, run):
    path = tmp_path / 'all.csv'
    path.write_text('video,label,subject,note\n"a, b.mp4",calm,01,x\nc.mp4,sad,05,\nd.mp4,sad,08,y\n')
    status, printed, _ = run('ravdess', path)
    assert status == 0 and 'fold 1: 1 clips, none of class sad\nfold 2: 2 clips' in printed
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['fold'] for row in rows] == ['1', '2', '2']
    assert rows[0] == dict(video='a, b.mp4', label='calm', subject='01', note='x', fold='1')
    before = path.read_bytes()
    assert run('ravdess', path)[0] == 0 and path.read_bytes() == before  # the same again

    spaced = tmp_path / 'spaced.csv'  # as training reads it
    spaced.write_text('video, label, subject\nc.mp4, sad, 05\n')
    assert run('ravdess', spaced)[0] == 0
    assert spaced.read_text() == 'video,label,subject,fold\nc.mp4,sad,05,2\n'

    path.write_bytes(before.replace(b',2\n', b',3\n', 1))
    status, _, errors = run('ravdess', path)
    assert status == 1 and errors.startswith(f'ListError: {path}: 1 of 3 rows have another fold already')
    for same in (tmp_path / 'x/../all.csv', tmp_path / 'link.csv'):
        (tmp_path / 'x').mkdir(exist_ok=True)
        (tmp_path / 'link.csv').unlink(missing_ok=True)
        (tmp_path / 'link.csv').symlink_to(path)
        assert run('ravdess', path, '--out', tmp_path / same)[0] == 1
    assert run('ravdess', path, '--out', tmp_path / 'new.csv')[0] == 0
    assert (tmp_path / 'new.csv').read_bytes() == before != path.read_bytes()


@pytest.mark.parametrize('text', ['', 'video,subject\n', 'a.mp4 1\n', 'video,subject\na.mp4\n', None])
def test_what_is_no_list_is_one_clear_error(tmp_path, run, text):
    if text is not None:
        (tmp_path / 'all.csv').write_text(text)
    status, _, errors = run('ravdess', tmp_path / 'all.csv')
    assert status == 1 and errors.startswith(f'ListError: {tmp_path}/all.csv')


def test_cells_count_as_lists_have_them(tmp_path, run):
    path = tmp_path / 'all.csv'
    path.write_text('video,subject\xa0,fold\na.mp4,5.0\u200b,2.0\nb.mp4, 24 ,\n', encoding='utf-8')
    assert run('ravdess', path)[0] == 0
    assert path.read_text(encoding='utf-8') == 'video,subject,fold\na.mp4,5.0\u200b,2\nb.mp4,24 ,6\n'


def clips_of(counts):
    """Return rows of a list with so many clips of each class by each subject."""
    return [
        dict(subject=subject, label=label)
        for subject, classes in counts.items()
        for label, count in classes.items()
        for _ in range(count)
    ]


def shares(rows, folds):
    """Return the share of joy in each fold."""
    by_fold = {fold: [row for row, own in zip(rows, folds, strict=True) if own == fold] for fold in sorted(set(folds))}
    return {fold: sum(row['label'] == 'joy' for row in own) / len(own) for fold, own in by_fold.items()}


def test_drawn_folds_hold_whole_subjects_and_about_the_same_share_of_each_class():
    # every second subject shows joy in nine of ten clips, the others in one of ten: pairs of both kinds are even
    counts = {f's{i}': dict(joy=9, fear=1) if i % 2 else dict(joy=1, fear=9) for i in range(10)}
    rows = clips_of(counts)
    folds = grouped_folds(rows, 'subject', 5, 0)
    assert set(folds) == set('12345')
    for subject in counts:
        assert len({fold for row, fold in zip(rows, folds, strict=True) if row['subject'] == subject}) == 1
    assert set(shares(rows, folds).values()) == {0.5}
    assert grouped_folds(rows[::-1], 'subject', 5, 0) == folds[::-1]  # whatever the order of the list
    drawn = {tuple(grouped_folds(rows, 'subject', 5, seed)) for seed in range(5)}
    assert len(drawn) > 1


@pytest.mark.parametrize(
    ('counts', 'number', 'message'),
    [
        ({'s1': dict(joy=3, fear=3), 's2': dict(joy=3)}, 2, "class 'fear' .* its training would have none"),
        ({'s1': dict(joy=3), 's2': dict(joy=3)}, 3, '3 folds need 3 values of subject or more; the list has 2'),
        ({'s1': dict(joy=3), '': dict(joy=3)}, 2, 'row 4 of the list has no subject'),
        ({f's{i}': {f'class {i % 3}': 1} for i in range(6)}, 5, '5 folds are too many for 6 clips'),
    ],
)
def test_folds_that_cannot_be_drawn_are_refused(counts, number, message):
    with pytest.raises(ListError, match=message):
        grouped_folds(clips_of(counts), 'subject', number, 0)


def test_the_tool_draws_folds(tmp_path, run):
    path = tmp_path / 'all.csv'
    lines = [f'{subject}{label}.wav,{label},{subject}' for subject in 'abcd' for label in ('joy', 'fear')]
    path.write_text('\n'.join(['audio,label,subject', *lines[:-1]]) + '\n')
    assert run('--groups', 2, path)[0] == 1  # no column video: not a list
    path.write_text('\n'.join(['video,label,subject', *lines[:-1]]) + '\n')
    status, printed, _ = run('--groups', 2, '--seed', 3, path)
    assert status == 0 and 'fold 1: ' in printed and 'none of class' not in printed
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    assert sorted({(row['subject'], row['fold']) for row in rows}) == [
        (subject, next(row['fold'] for row in rows if row['subject'] == subject)) for subject in 'abcd'
    ]
    status, printed, _ = run(path, '--groups', 4, '--by', 'subject', '--out', tmp_path / 'four.csv')
    assert status == 0 and ': 1 clips, none of class fear' in printed


@pytest.mark.parametrize('words', [['all.csv'], ['ravdess', 'all.csv', '--groups', 2], ['all.csv', '--groups', 1]])
def test_the_tool_is_misused(run, words):
    assert run(*words)[0] == 2
