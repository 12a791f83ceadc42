"""The baselines learn what can be learnt, never look at the speakers they are tested on, and are compared in pairs."""

import csv
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mmavf.engine.config_file import load_config
from mmavf.errors import ClipError, ConfigError, ListError
from mmavf.evaluation import Predictions
from mmavf.visualization.results import read_results
from projects.speech_baselines.classifiers import CANDIDATES, fit
from projects.speech_baselines.comparison import fused, read_run
from projects.speech_baselines.features import SETS, extractor, features_of
from projects.speech_baselines.folds import Baselines
from projects.speech_baselines.run import main, run_titles
from tests.helpers.models import ROOT

HAS_OPENSMILE = find_spec('opensmile') is not None
PITCHES = dict(low=200.0, middle=700.0, high=2500.0)


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """Six speakers in three folds; the class is the pitch of a tone in noise."""
    folder = tmp_path_factory.mktemp('tones')
    rng = np.random.default_rng(0)
    (folder / 'lists').mkdir()
    with open(folder / 'lists/all.csv', 'w', newline='') as file:
        table = csv.writer(file)
        table.writerow(['video', 'audio', 'label', 'subject', 'fold'])
        for speaker in range(6):
            for label, pitch in PITCHES.items():
                for take in range(4):
                    time = np.arange(rng.integers(8000, 16000)) / 16000
                    sound = 0.1 * np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * time)
                    name = f'{speaker}_{label}_{take}.wav'
                    soundfile.write(folder / name, sound + rng.normal(0, 0.01, len(time)), 16000)
                    table.writerow(['', name, label, f's{speaker}', speaker // 2 + 1])
    path = folder / 'tones.py'
    path.write_text(
        f"_base_ = '{ROOT}/configs/small/audio.py'\nfrom mmavf.datasets.targets import list_settings\n\n"
        f"settings = dict(data_root='{folder}', classes={list(PITCHES)}, split_column='fold', modalities=('audio',))\n"
        'globals().update(list_settings(**settings))\n'
    )
    return path


@pytest.fixture(scope='module')
def tested(config, tmp_path_factory):
    """The folder of a run on all folds by the statistics of the log-mel."""
    out = tmp_path_factory.mktemp('tested')
    assert main([str(config), '--features', 'log-mel', '--out', str(out)]) == 0
    return out


def test_tones_are_told_apart_by_their_spectrum(tested):
    assert '| log-mel | 100.00 [100.00 to 100.00]' in (tested / 'comparison.md').read_text()
    results = read_results(tested / 'log-mel')  # as the report does
    assert [test.fold for test in results.tests] == ['1', '2', '3']
    (first,) = read_run(tested / 'log-mel', ['1'])
    assert set(first.subject) == {'s0', 's1'} and first.names == tuple(PITCHES) and len(first) == 24
    assert (first.scores.argmax(axis=1) == first.labels).all()
    np.testing.assert_allclose(first.scores.sum(axis=1), 1)
    assert Predictions.from_csv(tested / 'log-mel/fold_1/test/predictions.csv').ids == first.ids


def test_a_model_is_compared_and_fused(config, tested, tmp_path):
    wrong = tmp_path / 'b'
    for fold in '123':  # a model that always says middle
        (tests,) = read_run(tested / 'log-mel', [fold])
        constant = replace(tests, scores=np.tile([0.2, 0.5, 0.3], (len(tests), 1))).select(range(len(tests))[::-1])
        (wrong / f'fold_{fold}/test').mkdir(parents=True)
        constant.save(wrong / f'fold_{fold}/test/predictions.pkl')
    words = [str(config), '--features', 'log-mel', '--out', str(tmp_path / 'c'), '--compare', str(wrong)]
    assert main([*words, '--fuse', 'log-mel']) == 0
    found = json.loads((tmp_path / 'c/comparison.json').read_text())
    assert found['unit'] == 'subject' and found['num_units'] == 6 and found['reference'] == 'b'
    assert found['variants']['b']['uar']['mean'] == pytest.approx(1 / 3)
    assert found['differences']['log-mel']['uar']['difference'] == pytest.approx(2 / 3)
    assert found['differences']['b + log-mel']['uar']['interval'][0] > 0.3
    assert 'Models as fine-tuned' not in (tmp_path / 'c/comparison.md').read_text()
    with pytest.raises(SystemExit) as end:
        main([*words[:-2], '--fuse', 'log-mel'])
    assert end.value.code == 2


def test_what_is_fused_is_matched_by_clip(tested):
    (own,) = read_run(tested / 'log-mel', ['1'])
    (mixed,) = fused([own], [own.select(range(len(own))[::-1])])
    np.testing.assert_array_equal(mixed.scores, own.scores)
    with pytest.raises(ListError, match='tested on other clips'):
        fused([own], [own.select([0])])


def test_the_cost_is_chosen_by_speakers_that_are_held_out():
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(8), 12)
    labels = rng.integers(0, 2, len(speakers))
    clips = np.stack([labels + rng.normal(0, 1.0, len(labels)), *rng.normal(0, 1, (40, len(labels)))], axis=1)
    found = fit('svm', clips, labels, speakers, 2)
    recalls = {}
    for cost in CANDIDATES:  # slowly, one speaker after another
        held_out = np.empty(len(labels), int)
        for speaker in range(8):
            train = speakers != speaker
            scaler = StandardScaler().fit(clips[train])
            svm = SVC(kernel='linear', C=cost, class_weight='balanced')
            svm.fit(scaler.transform(clips[train]), labels[train])
            held_out[~train] = svm.predict(scaler.transform(clips[~train]))
        recalls[cost] = np.mean([(held_out[labels == label] == label).mean() for label in (0, 1)])
    assert found.cost == max(CANDIDATES, key=lambda cost: (recalls[cost], -cost))
    assert found.probabilities(clips).shape == (96, 2)


def test_a_class_that_was_not_trained_on_gets_no_probability():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 2], 20)
    found = fit('logistic', labels[:, None] + rng.normal(0, 0.1, (40, 3)), labels, np.repeat(np.arange(4), 10), 3)
    scores = found.probabilities(np.array([[0.0, 0, 0], [2, 2, 2]]))
    assert (scores.argmax(axis=1) == [0, 2]).all() and (scores[:, 1] < 1e-6).all()


@pytest.mark.parametrize('kind', ['svm', 'logistic'])
def test_a_class_of_one_speaker_does_not_flatten_the_probabilities(kind):
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(4), 30)
    labels = np.tile([0, 1, 0], 40)
    labels[-30::3] = 2  # of the last speaker alone
    clips = np.eye(3)[labels] * 3 + rng.normal(0, 1.0, (120, 3))
    found = fit(kind, clips, labels, speakers, 3)
    assert found.temperature < 5 and found.probabilities(clips)[labels < 2].max(axis=1).mean() > 0.6


@pytest.mark.parametrize(
    ('speakers', 'labels', 'message'),
    [
        (['a'] * 4, [0, 1, 0, 1], 'the training part has only a'),
        (['a', 'a', 'b', 'b'], [0, 0, 1, 1], 'without [ab] one class is left'),
    ],
)
def test_too_few_speakers_are_refused(speakers, labels, message):
    with pytest.raises(ListError, match=message):
        fit('svm', np.random.default_rng(0).normal(size=(4, 2)), np.array(labels), np.array(speakers), 2)


def test_runs_have_titles_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [Path('seed0/mine'), Path('seed1/mine'), Path('compare'), Path('other'), Path('.')]
    found = run_titles(paths)
    assert list(found) == ['seed0/mine', 'seed1/mine', './compare', 'other', tmp_path.name]
    assert list(found.values()) == [path.resolve() for path in paths]


def test_a_run_that_is_named_twice_is_refused(config, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(config), '--compare', str(tmp_path), str(tmp_path / 'x/..')])
    assert '--compare names a folder twice' in capsys.readouterr().err


def test_too_short_a_clip_is_named(tmp_path):
    soundfile.write(tmp_path / 'a.wav', np.ones(100), 16000)
    with pytest.raises(ClipError, match=r'a\.wav: its sound is too short'):
        features_of(dict(video_path='', audio_path=str(tmp_path / 'a.wav')), extractor('log-mel'))


def test_the_channel_of_the_config_is_heard(config, tmp_path):
    """The tones are in the second channel; in the first one is the noise of another recording."""
    rng = np.random.default_rng(0)
    cfg = load_config(str(config))
    folder = Path(cfg.train_dataloader.dataset.data_root)
    for path in folder.glob('*.wav'):
        tone, rate = soundfile.read(path)
        soundfile.write(tmp_path / path.name, np.stack([rng.normal(0, 0.2, len(tone)), tone], axis=1), rate)
    for loader in ('train_dataloader', 'test_dataloader'):
        cfg[loader].dataset.update(data_root=str(tmp_path), ann_file=str(folder / 'lists/all.csv'))
    found = {}
    for channel in (1, 2):
        for loader in ('train_dataloader', 'test_dataloader'):
            cfg[loader].dataset.pipeline[0].audio_channel = channel
        (tests,) = Baselines('tones', cfg, ['1'], tmp_path / f'out{channel}').test('log-mel')
        found[channel] = (tests.scores.argmax(axis=1) == tests.labels).mean()
    assert found[2] == 1 > found[1]


@pytest.mark.skipif(HAS_OPENSMILE, reason='openSMILE is installed')
def test_what_is_missing_is_named():
    with pytest.raises(ConfigError, match=r"egemaps needs openSMILE .*pip install 'mmavf\[opensmile\]'"):
        extractor('egemaps')


@pytest.mark.skipif(not HAS_OPENSMILE, reason='needs the extra opensmile')
@pytest.mark.parametrize(('name', 'count'), [('egemaps', 88), ('compare', 6373), ('log-mel', 256)])
def test_the_sets_have_their_published_sizes(name, count, tmp_path):
    assert name in SETS
    sound = np.sin(np.arange(16000) * 0.1)
    soundfile.write(tmp_path / 'a.wav', sound, 16000)
    values = features_of(dict(video_path='', audio_path=str(tmp_path / 'a.wav')), extractor(name))
    assert values.shape == (count,) and values.dtype == np.float64


@pytest.mark.skipif(not HAS_OPENSMILE, reason='needs the extra opensmile')
def test_samples_beyond_full_scale_are_clipped():
    """As resampling makes them; openSMILE itself wraps them round, and loudness becomes six times as high."""
    sound = (1.05 * np.sin(np.arange(16000) * 0.1)).astype(np.float32)
    clipped = np.clip(np.trunc(sound * 32768), -32768, 32767).astype(np.float32) / 32768
    np.testing.assert_allclose(extractor('egemaps')(sound), extractor('egemaps')(clipped), rtol=1e-3, atol=1e-3)
