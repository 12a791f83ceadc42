"""One way to load a model, and the numbers that a test gets of it."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmavf.apis import init_model, run_batch
from mmavf.errors import CheckpointError, ConfigError
from tests.helpers.models import ROOT, finetune_config
from tests.helpers.train import TINY_FOLDS, tiny_runner

DEMO = ROOT / 'configs/demo/avfmae_tiny_finetune.py'
EMA = dict(default_hooks__ema__type='EMAHook', default_hooks__ema__momentum=0.1)


def save(path, model, **beside):
    torch.save(dict(state_dict=model.state_dict(), **beside), path)
    return path


@pytest.mark.parametrize('ema', [False, True])
def test_predictions_are_those_of_a_test_of_the_same_checkpoint(ema, tmp_path):
    options = EMA if ema else {}
    tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', train_cfg__max_epochs=1, **options).train()
    checkpoint = tmp_path / 'epoch_1.pth'
    test = tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', load_from=str(checkpoint), **options)
    test.test()
    model = init_model(test.cfg, checkpoint, 'cpu')
    scores = [s.pred_score for batch in test.test_dataloader for s in run_batch(model, batch)]
    np.testing.assert_array_equal(torch.stack(scores).double().numpy(), test.test_loop.predictions.scores)
    assert model.dataset_meta['classes'] == ['anger', 'happiness', 'neutral']


def test_weights_are_loaded_all_or_not_at_all(tmp_path):
    source = init_model(DEMO, device='cpu')
    loaded = init_model(str(DEMO), save(tmp_path / 'a.pth', source), 'cpu')
    assert all(torch.equal(x, y) for x, y in zip(source.parameters(), loaded.parameters(), strict=True))
    del source.head.fc.bias
    with pytest.raises(
        CheckpointError, match=r'(?s)b.pth does not fit the model of .*tiny_finetune.py: .*head.fc.bias'
    ):
        init_model(DEMO, save(tmp_path / 'b.pth', source), 'cpu')


def test_what_cannot_be_loaded_is_a_typed_error(tmp_path):
    with pytest.raises(ConfigError, match='lost.py: there is no such config'):
        init_model(tmp_path / 'lost.py')
    with pytest.raises(CheckpointError, match='lost.pth does not exist'):
        init_model(DEMO, tmp_path / 'lost.pth')


class Bomb:
    def __reduce__(self):
        return print, ('executed',)


def test_a_checkpoint_executes_nothing(tmp_path, capsys):
    path = save(tmp_path / 'bomb.pth', init_model(DEMO, device='cpu'), meta=Bomb())
    with pytest.raises(CheckpointError):
        init_model(DEMO, path)
    assert 'executed' not in capsys.readouterr().out


def test_names_come_from_the_checkpoint_then_from_the_config(tmp_path):
    cfg = Config(dict(model=finetune_config(num_classes=2)))
    model = init_model(cfg, device='cpu')
    assert model.dataset_meta == {} and model.cfg is cfg
    path = save(tmp_path / 'a.pth', model, meta=dict(dataset_meta=dict(classes=('calm', 'tense'))))
    assert init_model(cfg, path, 'cpu').dataset_meta == dict(classes=['calm', 'tense'])
    cfg.test_dataloader = dict(dataset=dict(metainfo=dict(classes=['tense', 'calm'])))
    assert init_model(cfg, device='cpu').dataset_meta == dict(classes=['tense', 'calm'])
    with pytest.raises(ConfigError, match='a.pth tells apart calm, tense, and the config tense, calm'):
        init_model(cfg, path, 'cpu')
    cfg.test_dataloader = dict(dataset=dict(datasets=[dict(label_columns=['arousal', 'valence'])]))
    assert init_model(cfg, device='cpu').dataset_meta == dict(dims=['arousal', 'valence'])


def test_bfloat16_is_used_where_the_test_does(monkeypatch):
    model = init_model(DEMO, device='cpu')
    seen = []
    model.register_forward_pre_hook(lambda *args: seen.append(torch.is_autocast_enabled('cpu')))
    batch = dict(
        inputs=dict(video=torch.zeros(1, 1, 4, 96, 96, 3, dtype=torch.uint8), audio=torch.zeros(1, 1, 256, 128))
    )
    batch['data_samples'] = []
    for dtype, units in (('bfloat16', True), ('bfloat16', False), ('float32', True)):
        model.cfg.test_cfg.dtype = dtype
        monkeypatch.setattr('mmavf.apis.batch.has_bf16_units', lambda device_type, units=units: units)
        run_batch(model, batch, mode='tensor')
    assert seen == [True, False, False]
