"""The command `mmavf predict`: many recordings, bad ones, finished ones, interruptions."""

import json
import os
import re
from pathlib import Path

import av
import pytest
import torch

from mmavf.apis import init_model
from mmavf.cli.main import main
from mmavf.cli.program import UsageError
from mmavf.cli.recordings import find_jobs, find_recordings, part_of
from mmavf.engine.config_file import load_config
from tests.helpers.media import counted_frames, tone, write_media, write_wav
from tests.helpers.models import ROOT
from tests.test_cli.test_calibrate import written

SPEECH = ROOT / 'configs/demo/avfmae_tiny_speech.py'


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    model = init_model(SPEECH, device='cpu')
    path = tmp_path_factory.mktemp('model') / 'speech.pth'
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), path)
    return path


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / 'recordings'
    (folder / 'deep').mkdir(parents=True)
    write_wav(folder / 'good.wav', tone(3.0, 0.5))
    write_wav(folder / 'deep/good.wav', tone(1.0))
    write_media(folder / 'silent.mp4', counted_frames(20), None)
    (folder / 'text.mp4').write_text('not a video')
    (folder / 'readme.txt').write_text('a file of another kind')
    return folder


def predict(*words, checkpoint):
    options = ['--config', SPEECH, '--checkpoint', checkpoint, '--device', 'cpu']
    return main(['predict', *map(str, words), *map(str, options)])


def test_a_folder_is_done_once_and_its_bad_files_are_named(recordings, checkpoint, tmp_path, capsys):
    out = tmp_path / 'out'
    assert predict(recordings, '--out', out, checkpoint=checkpoint) == 1
    shown = capsys.readouterr().out
    assert '2 of 4 recordings have results' in shown and '1 other files ignored' in shown
    text, silent = (next(line for line in shown.splitlines() if name in line) for name in ('text.mp4', 'silent.mp4'))
    assert '| failed ' in text and 'cannot be opened as media' in text
    assert '| refused ' in silent and 'the file has no sound' in silent
    made = sorted(str(path.relative_to(out)) for path in out.rglob('*.*'))
    assert [name for name in made if name.endswith('json')] == ['deep/good.json', 'good.json']
    assert not [name for name in made if 'silent' in name or 'text' in name]
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob('*.*')}
    assert predict(recordings, '--out', out, checkpoint=checkpoint) == 1
    assert '2 of them finished before' in capsys.readouterr().out
    assert stamps == {path: path.stat().st_mtime_ns for path in out.rglob('*.*')}
    assert predict(recordings / 'good.wav', '--out', out, '--hop', '0.5', checkpoint=checkpoint) == 0  # other settings
    assert json.loads((out / 'good.json').read_text())['settings']['hop_sec'] == 0.5
    predict(recordings / 'good.wav', '--out', out, '--hop', '0.5', '--srt', checkpoint=checkpoint)
    assert 'finished before' not in capsys.readouterr().out and (out / 'good.srt').exists()
    os.utime(recordings / 'good.wav', (2e9, 2e9))  # a new recording under the old name
    predict(recordings / 'good.wav', '--out', out, '--hop', '0.5', checkpoint=checkpoint)
    assert 'finished before' not in capsys.readouterr().out


def test_numbers_that_are_not_finite_fail_one_recording_after_the_other(recordings, tmp_path, capsys):
    model = init_model(SPEECH, device='cpu')
    model.head.fc.weight.data[:] = 3e38  # finite, its products are not
    path = tmp_path / 'nan.pth'
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), path)
    assert predict(recordings, '--out', tmp_path / 'out', checkpoint=path) == 1
    assert capsys.readouterr().out.count('the model gives numbers that are not finite') == 2


def test_refusals_alone_end_with_status_2(recordings, checkpoint, tmp_path, capsys):
    assert predict(recordings / 'silent.mp4', '--out', tmp_path / 'out', checkpoint=checkpoint) == 2
    assert 'Refused recordings lack what the model needs' in capsys.readouterr().out


def test_a_recording_that_is_stopped_leaves_nothing(recordings, checkpoint, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmavf.cli.predict_jobs.write_json', stop)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(predict(recordings / 'good.wav', '--out', tmp_path / 'out', checkpoint=checkpoint))
    assert ended.value.code == 130
    assert [path for path in (tmp_path / 'out').rglob('*') if path.is_file()] == []


def test_misuse_is_found_before_anything_is_loaded(recordings, checkpoint, tmp_path, capsys):
    for words, message in [
        ([recordings, '--out', tmp_path], 'name a model'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--config', SPEECH], 'either --model or --config'),
        ([tmp_path / 'lost', '--out', tmp_path, '--model', tmp_path], 'lost does not exist'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--part', '5/4'], 'argument --part'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--batch-size', '0'], '--batch-size must be at least 1'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--min-sec', 'nan'], '--min-sec must not be negative'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--hop', 'inf'], '--hop must be positive'),
        ([recordings, '--out', tmp_path, '--model', tmp_path, '--detector', 'boxes:a.csv'], 'is for mmavf prepare'),
    ]:
        with pytest.raises(SystemExit) as ended:
            main(['predict', *map(str, words)])
        assert ended.value.code == 2
        assert message in capsys.readouterr().err


def test_an_engine_that_is_not_installed_is_refused_first(recordings, checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mmavf.apis.inference.openvino_model.find_spec', lambda name: None)
    assert predict(recordings, '--out', tmp_path / 'out', '--engine', 'openvino', checkpoint=checkpoint) == 1
    shown = capsys.readouterr()
    assert "pip install 'mmavf[openvino]'" in shown.err and 'text.mp4' not in shown.out
    assert list((tmp_path / 'out').iterdir()) == []


def test_what_elan_needs_is_missed_first(recordings, checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mmavf.cli.commands.predict.find_spec', lambda name: None)
    with pytest.raises(SystemExit) as ended:
        predict(recordings, '--out', tmp_path / 'out', '--eaf', checkpoint=checkpoint)
    assert ended.value.code == 2 and "--eaf needs pympi-ling: pip install 'mmavf[elan]'" in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_features_that_cannot_be_written_are_not_computed(recordings, checkpoint, tmp_path, capsys):
    (tmp_path / 'folder.npz').mkdir()
    (tmp_path / 'file').touch()
    options = ['--config', SPEECH, '--checkpoint', checkpoint, '--device', 'cpu', '--modality', 'audio', '--out']
    for out, message in (
        ('folder.npz', 'is a folder: name a file in it'),
        ('file/a.npz', 'there is a file where a folder'),
    ):
        words = ['extract', recordings / 'good.wav', *options, tmp_path / out]
        assert main(list(map(str, words))) == 1
        shown = capsys.readouterr()
        assert message in shown.err and 'good.wav' not in shown.err + shown.out
    words[-1] = tmp_path / 'new/a.npz'
    assert main(list(map(str, words))) == 0 and words[-1].is_file()


def test_parts_are_disjoint_and_complete(recordings):
    whole, _ = find_jobs([recordings], Path('out'))
    parts = [find_jobs([recordings], Path('out'), (i, 3))[0] for i in (1, 2, 3)]
    assert sorted(job.out for jobs in parts for job in jobs) == sorted(job.out for job in whole)
    assert part_of('3/16') == (3, 16)


def test_results_beside_recordings_are_not_taken_for_them(tmp_path):
    for name in ('a.mp4', 'a.overlay.mp4', 'a.json', 'a.png'):
        (tmp_path / name).touch()
    jobs, others = find_jobs([tmp_path], tmp_path)
    assert [job.path.name for job in jobs] == ['a.mp4'] and others == 3


def test_recordings_of_one_name_keep_their_suffixes(tmp_path):
    for name in ('a.mp4', 'a.wav', 'b.c.wav'):
        (tmp_path / name).touch()
    assert [job.out for job in find_jobs([tmp_path], Path('out'))[0]] == [
        Path('out/a.mp4'),
        Path('out/a.wav'),
        Path('out/b.c'),
    ]
    for name in ('a.mp4.wav', 'a.mp4.wav.wav'):
        (tmp_path / name).touch()
    jobs = find_jobs([tmp_path], Path('out'))[0]
    assert {job.path.name: job.out.name for job in jobs} == {
        name: name for name in ('a.mp4', 'a.wav', 'a.mp4.wav', 'a.mp4.wav.wav')
    } | {'b.c.wav': 'b.c'}
    with pytest.raises(UsageError, match='does not exist'):
        find_jobs([tmp_path / 'lost'], Path('out'))


def test_recordings_that_would_write_to_one_place_are_refused(tmp_path):
    for folder in ('day1', 'day2', 'empty'):
        (tmp_path / folder).mkdir()
    for name in ('day1/x.mp4', 'day2/x.mp4', 'day2/y.mp4'):
        (tmp_path / name).touch()
    days = [tmp_path / 'day1', tmp_path / 'day2']
    with pytest.raises(UsageError, match=r'day1/x\.mp4 and .*day2/x\.mp4 would both have their results at out/x'):
        find_jobs(days, Path('out'), (2, 2))
    assert len(find_recordings(days)[0]) == 3
    assert len(find_jobs([days[0], tmp_path / 'day2/../day1/x.mp4', tmp_path / 'day2/y.mp4'], Path('out'))[0]) == 2
    with pytest.raises(UsageError, match=r'no video or sound file in .*empty'):
        find_recordings([tmp_path / 'empty'])
    with pytest.raises(UsageError, match='2 recordings, and none for part 3 of 3'):
        find_jobs([days[1]], Path('out'), (3, 3))


def test_results_of_another_recording_are_not_taken_nor_replaced(recordings, checkpoint, tmp_path, capsys):
    out = tmp_path / 'out'
    assert predict(recordings / 'good.wav', '--out', out, checkpoint=checkpoint) == 0
    made = (out / 'good.json').read_bytes()
    assert predict(recordings / 'deep/good.wav', '--out', out, checkpoint=checkpoint) == 1
    assert 'has the results of' in capsys.readouterr().out and (out / 'good.json').read_bytes() == made
    assert predict(recordings / 'deep/good.wav', '--out', out, '--again', checkpoint=checkpoint) == 0
    assert (out / 'good.json').read_bytes() != made


def test_finished_stays_finished_whatever_the_digits_of_its_settings(recordings, checkpoint, tmp_path, capsys):
    folder = tmp_path / 'folder'
    words = ['publish', checkpoint, folder, '--config', SPEECH, '--device', 'cpu']
    assert main(list(map(str, words))) == 0
    scores = written(tmp_path / 'p.pkl', json.loads((folder / 'model.json').read_text())['names'])
    assert main(['calibrate', str(folder), '--predictions', str(scores)]) == 0
    words = ['predict', recordings / 'good.wav', '--model', folder, '--device', 'cpu', '--out', tmp_path / 'out']
    words += ['--hop', '0.3333333', '--clip-fps', '29.97002997']
    assert main(list(map(str, words))) == 0
    made = (tmp_path / 'out/good.json').stat().st_mtime_ns
    capsys.readouterr()
    assert main(list(map(str, words))) == 0
    assert '1 of them finished before' in capsys.readouterr().out
    assert (tmp_path / 'out/good.json').stat().st_mtime_ns == made


def test_a_recording_replaced_by_an_older_file_is_done_again(recordings, checkpoint, tmp_path, capsys):
    """As moving and copying with times do."""
    out, path = tmp_path / 'out', recordings / 'good.wav'
    write_wav(tmp_path / 'older.wav', tone(2.0))
    os.utime(tmp_path / 'older.wav', (1e9, 1e9))
    assert predict(path, '--out', out, checkpoint=checkpoint) == 0
    assert json.loads((out / 'good.json').read_text())['source']['end_sec'] == 3.0
    (tmp_path / 'older.wav').replace(path)
    capsys.readouterr()
    assert predict(path, '--out', out, checkpoint=checkpoint) == 0
    assert 'finished before' not in capsys.readouterr().out
    source = json.loads((out / 'good.json').read_text())['source']
    assert (source['end_sec'], source['size_bytes'], source['modified_ns']) == (2.0, path.stat().st_size, 10**18)
    for key in ('absolute_path', 'size_bytes', 'modified_ns'):
        del source[key]
    (out / 'good.json').write_text(json.dumps(json.loads((out / 'good.json').read_text()) | dict(source=source)))
    assert predict(path, '--out', out, checkpoint=checkpoint) == 0  # as earlier versions wrote it
    assert '1 of them finished before' in capsys.readouterr().out


def test_a_recording_is_known_from_every_folder(recordings, checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(recordings)
    assert predict('good.wav', '--out', 'o', checkpoint=checkpoint) == 0
    monkeypatch.chdir(tmp_path)
    assert predict('recordings/good.wav', '--out', 'recordings/o', checkpoint=checkpoint) == 0
    assert '1 of them finished before' in capsys.readouterr().out
    monkeypatch.chdir(recordings / 'deep')
    assert predict('good.wav', '--out', '../o', checkpoint=checkpoint) == 1
    assert f'has the results of {recordings}/good.wav: choose another --out' in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    recordings.rename(tmp_path / 'moved')
    monkeypatch.chdir(tmp_path / 'moved')
    assert predict('good.wav', '--out', 'o', checkpoint=checkpoint) == 0
    assert '1 of them finished before' in capsys.readouterr().out


@pytest.mark.parametrize('modality', ['video', 'audio'])
def test_what_the_model_does_not_look_at_is_noted_and_kept(modality, tmp_path):
    base = ROOT / f'configs/small/{modality}.py'
    settings = f"list_settings('x', classes=['a', 'b'], modalities=('{modality}',))"
    (tmp_path / 'c.py').write_text(
        f"_base_ = '{base}'\nfrom mmavf.datasets.targets import list_settings\nglobals().update({settings})\n"
    )
    model = init_model(load_config(str(tmp_path / 'c.py')), device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), tmp_path / 'a.pth')
    write_media(tmp_path / 'a.mp4', counted_frames(50), tone(2.0, 0.5), codecs=('libx264', 'aac'))
    words = ['predict', tmp_path / 'a.mp4', '--config', tmp_path / 'c.py', '--checkpoint', tmp_path / 'a.pth']
    words += ['--out', tmp_path / 'out', '--overlay', '--detector', 'none', '--device', 'cpu']
    assert main(list(map(str, words))) == 0
    source = json.loads((tmp_path / 'out/a.json').read_text())['source']
    assert (source['video'], source['sound'], source['size']) == (True, True, [64, 48])
    streams = {}
    for name in ('a.mp4', 'out/a.overlay.mp4'):
        with av.open(str(tmp_path / name)) as media:
            streams[name] = [bytes(packet) for packet in media.demux(media.streams.audio[0]) if packet.size]
            assert len(media.streams.video) == 1
    assert streams['a.mp4'] == streams['out/a.overlay.mp4']


def test_the_doctor_measures_a_prediction(recordings, checkpoint, tmp_path, capsys):
    publish = ['publish', checkpoint, tmp_path / 'folder', '--config', SPEECH, '--device', 'cpu']
    assert main(list(map(str, publish))) == 0
    words = ['doctor', '--model', tmp_path / 'folder', '--recording', recordings / 'good.wav']
    assert main(list(map(str, words))) == 0
    shown = capsys.readouterr().out
    assert re.search(r'prediction: +\d+\.\d\d times real time', shown) and 'decoding 0, faces 0, windows' in shown
    words[-1] = recordings / 'text.mp4'
    assert main(list(map(str, words))) == 1
    assert re.search(r'ERROR +recording: .*cannot be opened', capsys.readouterr().out)
