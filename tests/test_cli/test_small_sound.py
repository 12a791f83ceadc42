"""The recipe for sound of small sets from recordings to answers: statistics, pre-training, folds, a published model."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mmavf.apis import AVFInferencer
from mmavf.cli.main import main
from tests.helpers.media import tone, write_list, write_wav
from tests.helpers.models import ROOT
from tests.helpers.train import weights


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Eight recordings of four speakers, and the two configs of docs/speech.md."""
    folder = tmp_path_factory.mktemp('mine')
    rng = np.random.default_rng(0)
    rows = []
    for speaker in range(4):
        for label, pitch in (('calm', 200), ('excited', 400)):
            sound = tone(2.2, pitch_hz=pitch + 20 * speaker) * 0.3
            write_wav(folder / f'{label}_{speaker}.wav', sound + rng.normal(0, 0.02, len(sound)).astype(np.float32))
            rows.append(('', f'{label}_{speaker}.wav', label, f's{speaker}', speaker // 2 + 1))
    (folder / 'lists').mkdir()
    write_list(folder / 'lists/all.csv', rows, 'video,audio,label,subject,fold')
    (folder / 'mine_pretrain.py').write_text(f"""_base_ = '{ROOT}/configs/small/audio_pretrain.py'
from mmavf.datasets.targets import unlabelled_settings

globals().update(unlabelled_settings('{folder}', base=_base_, statistics=True))
train_dataloader['batch_size'] = 4
train_cfg = dict(max_epochs=1)
""")
    (folder / 'mine.py').write_text(f"""_base_ = '{ROOT}/configs/small/audio.py'
from mmavf.datasets.targets import list_settings

settings = dict(data_root='{folder}', classes=['calm', 'excited'], split_column='fold', modalities=('audio',))
globals().update(list_settings(**settings, base=_base_, statistics=True))
train_dataloader['batch_size'] = 4
train_cfg = dict(max_epochs=1)
load_from = '{folder}/pretrained/epoch_1.pth'
""")
    kind = ('--mel-bins', '64', '--mel-frame-ms', '50')
    assert main(['data-stats', 'lists/all.csv', '--data-root', str(folder), '--workers', '1', *kind]) == 0
    return folder


def test_from_recordings_to_answers(folder):
    assert main(['train', str(folder / 'mine_pretrain.py'), '--work-dir', str(folder / 'pretrained')]) == 0
    still = ['--cfg-options', 'optim_wrapper.optimizer.lr=1e-12']
    words = ['cross-validate', str(folder / 'mine.py'), '--folds', '1', '--work-dir', str(folder / 'runs')]
    assert main([*words, *still]) == 0
    run = folder / 'runs/fold_1'
    assert "of the model's" in (run / 'train.log').read_text()
    given, found = weights(folder / 'pretrained/epoch_1.pth'), weights(run / 'epoch_1.pth')
    name = 'blocks.0.ffn.fc1.weight'
    for member in range(3):
        ours = found[f'encoders.audio.members.{member}.{name}']
        np.testing.assert_allclose(ours, given[f'encoders.audio.{name}'], atol=1e-6)
    assert found['head.fc.weight'].shape == (2, 160, 3)

    model = folder / 'model'
    assert main(['publish', str(run / 'epoch_1.pth'), str(model), '--licence', 'CC0-1.0', '--origin', 'drawn']) == 0
    infer = AVFInferencer(model, device='cpu')
    with open(run / 'test/predictions.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:
        (answer,) = infer(Path(folder, row['id'])).answers
        np.testing.assert_allclose(answer.scores, [float(row[label]) for label in infer.info.names], atol=1e-5)
