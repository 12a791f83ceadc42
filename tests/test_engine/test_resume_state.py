"""What stands in a checkpoint beside the weights: refused in one sentence where no training can go on from it."""

import copy

import pytest
import torch

from mmavf.engine.resume_state import check_state
from mmavf.errors import CheckpointError
from mmavf.protocol.provenance import check_records
from tests.helpers.train import tiny_runner


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A checkpoint of a short training, and its path."""
    folder = tmp_path_factory.mktemp('trained')
    tiny_runner(folder, train_cfg__max_epochs=1).train()
    return torch.load(folder / 'epoch_1.pth', weights_only=True), folder / 'epoch_1.pth'


def changed(checkpoint, place, value):
    checkpoint = copy.deepcopy(checkpoint)
    *path, last = place.split('.')
    part = checkpoint
    for key in path:
        part = part[int(key) if isinstance(part, list) else key]
    part[last] = value
    return checkpoint


def test_what_a_training_wrote_is_taken(trained):
    check_state(trained[0], 'x.pth')


@pytest.mark.parametrize(
    ('place', 'value'),
    [
        ('optimizer', [1]),
        ('param_schedulers', 3),
        ('message_hub', [1]),
        ('message_hub.log_scalars', None),
        ('message_hub.runtime_info', 'text'),
        ('meta.iter', '5'),
        ('meta.iter', -1),
        ('meta.epoch', 1.5),
        ('meta.epoch', True),
        ('meta.resume', []),
        ('meta.resume.loop', 'text'),
        ('meta.resume.loop.order_seed', None),
        ('meta.resume.rng_states', {}),
        ('meta.resume.rng_states.0.torch', torch.ones(3)),
        ('meta.resume.rng_states.0.python', 'text'),
        ('meta.resume.rng_states.0.numpy', 7),
        ('ema_state_dict', torch.ones(2)),
    ],
)
def test_another_type_is_named(trained, place, value):
    with pytest.raises(CheckpointError, match=r'^x\.pth cannot be resumed: .*(load_from|less than 0)') as caught:
        check_state(changed(trained[0], place, value), 'x.pth')
    assert '.'.join(place.split('.')[:3]) in str(caught.value)


def test_a_moment_or_an_average_that_is_not_finite_is_refused(trained):
    checkpoint = copy.deepcopy(trained[0])
    number = next(iter(checkpoint['optimizer']['state']))
    checkpoint['optimizer']['state'][number]['exp_avg'].view(-1)[0] = float('nan')
    with pytest.raises(CheckpointError, match=rf'1 of its tensors .*: optimizer\.state\.{number}\.exp_avg\.'):
        check_state(checkpoint, 'x.pth')
    checkpoint = dict(trained[0], ema_state_dict={'module.a': torch.tensor([float('inf')])})
    with pytest.raises(CheckpointError, match=r'ema_state_dict\.module\.a'):
        check_state(checkpoint, 'x.pth')


@pytest.mark.parametrize('place', ['optimizer.param_groups.0.lr', 'param_schedulers.0.base_values'])
def test_a_rate_that_is_not_finite_is_refused_by_name(trained, place):
    value = float('nan') if place.endswith('lr') else [float('nan')]
    with pytest.raises(CheckpointError, match=f'1 of its tensors and numbers hold NaN or infinity.*{place}'):
        check_state(changed(trained[0], place, value), 'x.pth')


@pytest.mark.parametrize('place', ['meta.iter', 'optimizer.param_groups', 'optimizer.state'])
def test_a_run_ends_with_one_error_and_is_not_left_resuming(trained, tmp_path, place):
    checkpoint, path = trained
    torch.save(changed(checkpoint, place, [torch.ones(1), 'text']), tmp_path / 'strange.pth')
    options = dict(resume=True, load_from=str(tmp_path / 'strange.pth'), train_cfg__max_epochs=1)
    runner = tiny_runner(tmp_path / 'run', **options)
    with pytest.raises(CheckpointError, match=r'strange\.pth cannot be resumed'):
        runner.train()
    part = dict(state_dict={name: value for name, value in checkpoint['state_dict'].items() if 'head' not in name})
    torch.save(part, tmp_path / 'part.pth')
    runner.load_checkpoint(str(tmp_path / 'part.pth'))  # strictly, if it were resuming still
    assert not runner.is_resuming


def test_rates_that_are_no_numbers_end_with_the_same_error(trained, tmp_path):
    torch.save(changed(trained[0], 'optimizer.param_groups.0.weight_decay', 'text'), tmp_path / 'strange.pth')
    options = dict(resume=True, load_from=str(tmp_path / 'strange.pth'), train_cfg__max_epochs=1)
    runner = tiny_runner(tmp_path / 'run', **options)
    with pytest.raises(CheckpointError, match=r'strange\.pth cannot be resumed'):
        runner.train()


@pytest.mark.parametrize('meta', [dict(protocol=3), dict(origin=5), dict(origin=[{}]), dict(protocol=dict(target=1))])
def test_records_of_another_kind_are_named(meta):
    check_records({}, 'x.pth')
    with pytest.raises(CheckpointError, match=r'x\.pth: .*as this package writes it'):
        check_records(meta, 'x.pth')
