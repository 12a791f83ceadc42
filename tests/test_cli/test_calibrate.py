"""mmavf publish, calibrate and contribution on one folder, as a user runs them."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from mmavf.apis import init_model, list_loader
from mmavf.apis.predictions import collect_predictions
from mmavf.cli.main import main
from mmavf.evaluation import Predictions
from mmavf.evaluation.functional import fit_temperature
from tests.test_apis.test_publish import checkpoint, clips, save_checkpoint  # noqa: F401

NAMES = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness')


def written(path, names=NAMES, count=60):
    rng = np.random.default_rng(0)
    scores = softmax(rng.normal(size=(count, len(names))) * 3, axis=1)
    labels = rng.integers(0, len(names), count)
    blank = dict.fromkeys(('fold', 'source', 'group'), ('',) * count)
    subjects = tuple(f's{i % 6}' for i in range(count))
    Predictions(
        ids=tuple(map(str, range(count))), labels=labels, scores=scores, names=names, subject=subjects, **blank
    ).save(path)
    return path


@pytest.fixture
def labelled(clips):  # noqa: F811
    (clips / 'labelled.csv').write_text('video,label\na.mp4,anger\nb.mp4,fear\nc.mp4,anger\n')
    return clips


def card(folder):
    return json.loads((folder / 'model.json').read_text())


def test_a_model_is_published_calibrated_and_measured(checkpoint, labelled, tmp_path, capsys):  # noqa: F811
    out = tmp_path / 'model'
    words = ['publish', str(checkpoint), str(out), '--licence', 'CC0', '--device', 'cpu', '--fps', '25']
    assert main([*words, '--marginal', 'labelled.csv', '--data-root', str(labelled)]) == 0
    assert 'The card does not state origin (--origin).' in capsys.readouterr().out
    path = written(tmp_path / 'p.pkl')
    assert main(['calibrate', str(out), '--predictions', str(path)]) == 0
    kept = card(out)['calibration']
    read = Predictions.load(path)
    assert kept['temperature'] == pytest.approx(fit_temperature(read.labels, read.scores), rel=1e-9)
    assert f'temperature {kept["temperature"]:.4f}, fitted to 60 clips' in capsys.readouterr().out
    assert main(['contribution', str(out), 'labelled.csv', '--data-root', str(labelled), '--device', 'cpu']) == 0
    found = card(out)['contribution']
    assert list(found['scores']) == ['both', 'without video', 'without audio'] and found['num_clips'] == 3
    assert [value is None for value in found['by_name']['both']] == [name not in ('anger', 'fear') for name in NAMES]
    model = init_model(out, device='cpu')
    predicted = collect_predictions(model, list_loader(model.cfg, 'labelled.csv', labelled))
    assert found['scores']['both']['war'] == pytest.approx((predicted.decisions == predicted.labels).mean())
    assert card(out)['calibration'] == kept
    text = (out / 'README.md').read_text()
    assert f'Temperature {kept["temperature"]:.4f}' in text and 'without audio' in text and 'CC0' in text
    for name in ('reliability', 'contribution'):
        assert min(Image.open(out / f'{name}.png').size) > 300


def test_what_cannot_work_is_said(checkpoint, labelled, tmp_path, capsys):  # noqa: F811
    out = tmp_path / 'model'
    assert main(['publish', str(checkpoint), str(out), '--device', 'cpu']) == 0
    foreign, few = written(tmp_path / 'a.pkl', NAMES[:5]), written(tmp_path / 'b.pkl', count=5)
    for words, message in (
        (['contribution', str(out), 'labelled.csv', '--data-root', str(labelled)], 'publish it with --marginal LIST'),
        (['calibrate', str(out), '--predictions', str(foreign)], 'take predictions of this model'),
        (['calibrate', str(out), '--predictions', str(few)], '5 clips are too few'),
        (['calibrate', str(tmp_path), '--predictions', str(few)], 'has no model.json'),
        (['calibrate', str(out), '--list', 'clips.csv', '--data-root', str(labelled)], 'has no label, or several'),
    ):
        assert main(words) == 1
        assert message in capsys.readouterr().err
    assert card(out)['calibration'] is None and not (out / 'reliability.png').exists()
    for words in (['publish', 'a.pth', 'b', '--fps', '0'], ['publish', 'a.pth', 'b', '--check-list', 'l.csv']):
        with pytest.raises(SystemExit, match='2'):
            main(words)
