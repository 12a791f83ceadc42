"""Every shipped config loads, builds its model without memory, and says what the released recipes say."""

import json
import runpy
from functools import cache

import pytest
import torch
from mmengine.config import Config

from mmavf.datasets.targets import CARDS, HYBRIDS, target_settings
from mmavf.engine.config_file import load_config
from mmavf.engine.config_inputs import check_inputs
from mmavf.models.encoders import give_to_members
from mmavf.registry import MODELS
from tests.helpers.models import ROOT

CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('configs', 'projects')
    for path in (ROOT / folder).rglob('*.py')
    if '_base_' not in path.parts and 'configs' in path.parts and path.name != 'default_runtime.py'
)


FINETUNE = {(name, size): f'configs/finetune/{name}/avfmae_{size}_{name}.py' for name in CARDS for size in 'blh'}
PSI = {(kind, size): f'configs/avfmae_{size}_postpretrain_{kind}.py' for kind in HYBRIDS for size in 'blh'}
WRITER = runpy.run_path(str(ROOT / 'tools/misc/target_configs.py'))
count_parameters = WRITER['count_parameters']
OWN_LIST = [f'configs/avfmae_{size}_finetune{kind}.py' for size in 'blh' for kind in ('', '_micro')]
SMALL = {kind: f'configs/small/{kind}.py' for kind in ('audio', 'video', 'av')}


@cache
def load(path):
    return Config.fromfile(str(ROOT / path))


@pytest.mark.parametrize('path', CONFIGS)
def test_the_model_builds_on_the_meta_device(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    model = load(path).model.to_dict()
    tiny = '/tiny/' in path
    if path in SMALL.values():
        tiny, model['data_preprocessor']['batch_augment']['num_classes'] = True, 2
    if (
        path in OWN_LIST
        or path in SMALL.values()
        or path.startswith('projects/')
        and path.endswith('_finetune.py')
        and not tiny
    ):
        assert 'num_classes' not in model['head']  # whoever gives the list gives its classes
        model['head']['num_classes'] = 2
    assert count_parameters(repr(model)) > (1e6 if model.get('video_encoder') and not tiny else 1e5)


@pytest.mark.parametrize('path', CONFIGS)
def test_commands_can_read_it_and_its_model_takes_what_its_pipelines_open(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    config = load_config(str(ROOT / path))
    assert config.model
    if not path.endswith('_finetune_micro.py'):  # which needs settings that leave the audio encoder out
        check_inputs(config)


RANDOM = {
    'RandomGain',
    'SpecAugment',
    'PerturbMel',
    'PerView',
    'RandAugment',
    'mmaction.Flip',
    'mmaction.RandomErasing',
}


@pytest.mark.parametrize('path', CONFIGS)
def test_nothing_is_random_in_a_test(path):
    for part in ('val', 'test'):
        for data in single_sets(load(path), part) if load(path).get(f'{part}_dataloader') else ():
            assert not RANDOM & {step.type for step in data.pipeline}
            assert all(step.test_mode for step in data.pipeline if 'Sample' in step.type)


@pytest.mark.parametrize(
    ('size', 'batch', 'rate', 'warmup', 'epochs', 'clip'),
    [('b', 164, 1.2e-4, 10, 150, None), ('l', 150, 3e-4, 5, 100, None), ('h', 100, 2e-4, 10, 100, {'max_norm': 0.7})],
)
def test_released_hyper_parameters(size, batch, rate, warmup, epochs, clip):
    config = Config.fromfile(str(ROOT / f'configs/avfmae_{size}_pretrain.py'))
    optimizer = config.optim_wrapper.optimizer
    assert config.train_dataloader.batch_size == batch and config.train_cfg.max_epochs == epochs
    assert (optimizer.lr, optimizer.weight_decay, optimizer.betas) == (rate, 0.05, (0.9, 0.95))
    assert config.optim_wrapper.get('clip_grad') == clip
    schedule = config.param_scheduler[0]
    assert schedule.warmup == warmup and schedule.eta_min_ratio * rate == pytest.approx(1e-5)
    assert config.auto_scale_lr == dict(enable=True, base_batch_size=256)
    assert config.model.contrastive_loss.loss_weight == 0.0025
    roots = [part.data_root for part in config.train_dataloader.dataset.datasets]
    corpora = ('voxceleb2', 'cn_celeb', 'av_speech', 'celebv_hq', 'mer2024_unlabelled')
    assert roots == [f'data/{corpus}' for corpus in corpora]


@pytest.mark.parametrize(
    ('kind', 'modalities'), [('audio', ('audio',)), ('video', ('video',)), ('av', ('video', 'audio'))]
)
def test_a_list_of_your_own_completes_a_small_config(kind, modalities, tmp_path):
    (tmp_path / 'lists').mkdir()
    bins, frame_ms = (64, 50.0) if kind == 'audio' else (128, 25.0)
    statistics = dict(
        log_mel=dict(mean=-12.2, std=4.36, bins=bins, frame_ms=frame_ms),
        frames=dict(mean=[0.4, 0.3, 0.2], std=[0.3, 0.2, 0.1]),
    )
    (tmp_path / 'lists/all.stats.json').write_text(json.dumps(statistics))
    path = tmp_path / 'mine.py'
    path.write_text(f"""_base_ = '{ROOT}/{SMALL[kind]}'
from mmavf.datasets.targets import list_settings

settings = dict(data_root='{tmp_path}', classes=['calm', 'excited'], split_column='fold', modalities={modalities})
globals().update(list_settings(**settings, base=_base_, statistics=True))
""")
    config = load_config(str(path))
    check_inputs(config)
    assert count_parameters(repr(config.model.to_dict())) > 1e5
    assert config.model.data_preprocessor.batch_augment.num_classes == config.model.head.num_classes == 2
    assert config.model.data_preprocessor.mean == [0.4, 0.3, 0.2]
    for part in ('train', 'val', 'test'):
        dataset = config[f'{part}_dataloader'].dataset
        assert dataset.split == dict(column='fold', held_out=None, part=part)
        assert set(dataset.pipeline[0].get('modalities', ('video', 'audio'))) == set(modalities)
        mels = [step for step in dataset.pipeline if step.type == 'LogMel']
        expected = dict(type='LogMel', num_bins=bins, num_frames=256, padding='floor', mean=-12.2, std=4.36)
        expected |= dict(num_frames=192, frame_ms=50) if kind == 'audio' else {}
        assert mels == ([expected] if 'audio' in modalities else [])


def test_numbers_are_predicted_by_as_many_members_as_classes(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(f"""_base_ = '{ROOT}/configs/small/audio.py'
from mmavf.datasets.targets import list_settings

globals().update(list_settings('{tmp_path}', label_columns=['valence'], modalities=('audio',)))
""")
    model = load_config(str(path)).model
    model.data_preprocessor = None
    head = MODELS.build(model).head
    assert (type(head).__name__, head.num_members, head.fc.out_features) == ('RegressionHead', 3, 1)


def test_pretraining_on_small_sets_fills_the_encoder_of_their_recipe(tmp_path):
    (tmp_path / 'all.stats.json').write_text(
        json.dumps(dict(log_mel=dict(mean=-12.2, std=4.36, bins=64, frame_ms=50.0)))
    )
    path = tmp_path / 'mine.py'
    path.write_text(f"""_base_ = '{ROOT}/configs/small/audio_pretrain.py'
from mmavf.datasets.targets import unlabelled_settings

globals().update(unlabelled_settings('{tmp_path}', 'all.csv', base=_base_, statistics=True))
""")
    config = load_config(str(path))
    check_inputs(config)
    dataset = config.train_dataloader.dataset
    assert (dataset.data_root, dataset.ann_file) == (str(tmp_path), 'all.csv')
    assert [step['mean'] for step in dataset.pipeline if step.type == 'LogMel'] == [-12.2]
    pretrainer = MODELS.build(config.model)
    losses = pretrainer(dict(audio=torch.randn(2, 1, 192, 64)), mode='loss')
    sum(losses.values()).backward()
    assert all(weight.grad is not None for weight in pretrainer.encoders.parameters())
    model = load_config(SMALL['audio']).model
    model.head.num_classes = 2
    model.data_preprocessor = None
    recognizer = MODELS.build(model)
    given = {f'encoders.{name}': value for name, value in pretrainer.encoders.state_dict().items()}
    give_to_members(recognizer, given)
    encoder = recognizer.encoders.state_dict()
    assert {name: v.shape for name, v in given.items()} == {f'encoders.{k}': v.shape for k, v in encoder.items()}


def test_every_target_has_a_config_in_every_size():
    shipped = {
        path
        for path in CONFIGS
        if path.startswith(('configs/finetune/', 'configs/avfmae_')) and '_pretrain' not in path
    }
    assert shipped == {*FINETUNE.values(), *PSI.values(), *OWN_LIST}


@pytest.mark.parametrize(('name', 'size'), FINETUNE)
def test_a_targets_config_says_what_its_card_says(name, size):
    config, card = load(FINETUNE[name, size]), CARDS[name]
    recipe = card.recipe_of(size)
    assert config.train_dataloader.batch_size == recipe.batch_size and config.train_cfg.max_epochs == recipe.epochs
    assert config.optim_wrapper.optimizer.lr == recipe.lr
    schedule = config.param_scheduler[0]
    assert schedule.warmup == 5 and schedule.eta_min_ratio * recipe.lr == pytest.approx(1e-6)
    assert config.protocol.target == name and config.protocol.stage == 'finetune'
    if card.dims:
        assert config.model.head.num_outputs == len(card.dims) and config.model.data_preprocessor.batch_augment is None
    else:
        assert config.model.head.num_classes == card.num_classes
        assert config.model.data_preprocessor.batch_augment.num_classes == card.num_classes
    assert (config.model.audio_encoder is None) == ('audio' not in card.modalities)
    for part in ('train', 'val', 'test'):
        steps = [step for data in single_sets(config, part) for step in data.pipeline if 'Sample' in step.type]
        assert [step.get('frame_interval', 0) for step in steps] == [recipe.frame_interval] * len(steps)
        assert [data.split.part for data in single_sets(config, part)] == [part] * len(steps)
        assert [data.data_root for data in single_sets(config, part)] == [
            f'data/{own}' for own in card.composite or (name,)
        ]


@pytest.mark.parametrize(
    ('name', 'key'), [('mafw11', 'dataset'), ('werewolf_xl', 'dataset'), ('samm', 'dataset.datasets.0')]
)
def test_crops_are_an_argument_of_a_test(name, key):
    config = Config.fromfile(str(ROOT / FINETUNE[name, 'b']))
    config.merge_from_dict({f'test_dataloader.{key}.pipeline.3.num_crops': 3})
    crops = {part: single_sets(config, part)[0].pipeline[3] for part in ('val', 'test')}
    resize = dict(type='ResizeCrops', size=160)
    assert crops == dict(val=dict(resize, num_crops=1), test=dict(resize, num_crops=3))


def single_sets(config, part):
    dataset = config[f'{part}_dataloader'].dataset
    return dataset.get('datasets', [dataset])


def test_configs_and_page_of_the_targets_are_those_that_their_cards_give():
    expected = dict(WRITER['generated_files']())
    folders = (ROOT / 'configs/_base_/targets', ROOT / 'configs/finetune')
    files = [ROOT / 'docs/targets.md', *(file for folder in folders for file in folder.rglob('*.py'))]
    assert {str(file.relative_to(ROOT)) for file in files} == set(expected)
    for path, text in expected.items():
        assert (ROOT / path).read_text(encoding='utf-8') == text, 'run tools/misc/write_target_configs.py'


@pytest.mark.parametrize(('name', 'size'), FINETUNE)
def test_the_settings_of_a_target_are_those_of_its_config(name, size):
    card = CARDS[name]
    micro = '_micro' if card.task == 'micro-expression' else ''
    config = Config.fromfile(str(ROOT / f'configs/avfmae_{size}_finetune{micro}.py'))
    if not micro and 'audio' not in card.modalities:
        config.merge_from_dict(load('configs/_base_/datasets/finetune_video.py').to_dict())
    config.merge_from_dict(target_settings(name, size, config))
    assert named(config) == named(load(FINETUNE[name, size]))


def named(config):
    """Return what a config says, without the variables that it is put together from."""
    return {key: value for key, value in config.to_dict().items() if not key.startswith('_')}


@pytest.mark.parametrize(
    ('name', 'size', 'gpus', 'batch', 'rate', 'epochs'),
    [
        ('mafw11', 'b', 4, 40, 1e-3, 100),
        ('mafw11', 'h', 6, 12, 2e-4, 100),
        ('mer24', 'h', 4, 40, 1e-3, 100),
        ('msp_improv', 'h', 6, 12, 2e-4, 100),
        ('dfew', 'l', 3, 32, 1e-3, 100),
        ('crema_d6', 'b', 4, 14, 1e-3, 50),
        ('werewolf_xl', 'b', 4, 32, 1e-3, 30),
    ],
)
def test_released_hyper_parameters_of_fine_tuning(name, size, gpus, batch, rate, epochs):
    config = load(FINETUNE[name, size])
    optimizer = config.optim_wrapper.optimizer
    assert (config.train_dataloader.batch_size, optimizer.lr, config.train_cfg.max_epochs) == (batch, rate, epochs)
    assert CARDS[name].recipe_of(size).gpus == gpus
    assert (optimizer.weight_decay, optimizer.betas) == (0.05, (0.9, 0.999))
    assert config.optim_wrapper.paramwise_cfg.layer_decay_rate == 0.75 and 'clip_grad' not in config.optim_wrapper


def test_parameters_of_the_released_fine_tuned_models():
    exact = [count_parameters(repr(load(FINETUNE['mafw11', size]).model.to_dict())) for size in 'blh']
    assert exact == [169_122_851, 303_233_319, 521_309_229]
    assert count_parameters(repr(load(FINETUNE['iemocap', 'h']).model.to_dict())) == 521_298_470


@pytest.mark.parametrize(('kind', 'size'), PSI)
def test_a_hybrids_config_has_all_members_and_no_test(kind, size):
    config, hybrid = load(PSI[kind, size]), HYBRIDS[kind]
    assert [part.source for part in config.train_dataloader.dataset.datasets] == list(hybrid.members)
    assert all(part.metainfo.classes == list(hybrid.classes) for part in config.train_dataloader.dataset.datasets)
    assert config.model.head.num_classes == len(hybrid.classes) == dict(cea=13, mer=3)[kind]
    assert (config.model.audio_encoder is None) == (kind == 'mer')
    assert config.train_cfg.max_epochs == 50 and config.optim_wrapper.optimizer.lr == 1e-3
    assert (config.protocol.stage, config.protocol.target) == ('postpretrain', None)
    assert {config[f'{part}_{what}'] for part in ('val', 'test') for what in ('dataloader', 'evaluator', 'cfg')} == {
        None
    }
