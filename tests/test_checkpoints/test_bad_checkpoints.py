"""Checkpoints that do not belong to a configuration, or are broken, are refused in one sentence that says why."""

import re

import pytest
import torch

from mmavf.checkpoints.conversion import convert_state_dict, family_names
from mmavf.checkpoints.conversion.release_file import convert_file
from mmavf.checkpoints.match_report import report_match
from mmavf.errors import CheckpointError
from tests.helpers.baselines import build_baseline

METHODS = ('AVF-MAE++', 'HiCMAE', 'MAE-DFER', 'SVFAP', 'VideoMAE')


@pytest.fixture(scope='module')
def states():
    """Weights of each method's small models, by method and stage."""
    return {(m, s): build_baseline(m, s).state_dict() for m in METHODS for s in ('', '_finetune')}


def shapes(state):
    return {name: tuple(value.shape) for name, value in state.items()}


def refusal(own, given, complete=False):
    """What is said when weights of these shapes are to be loaded."""
    with pytest.raises(CheckpointError) as error:
        report_match(own, given, complete)
    text = str(error.value)
    assert '\n' not in text and text.endswith('.')
    return text


def test_these_are_all_methods():
    assert {*METHODS} == {*family_names()}


@pytest.mark.parametrize('stage', ['', '_finetune'])
@pytest.mark.parametrize('theirs', METHODS)
@pytest.mark.parametrize('ours', METHODS)
def test_weights_of_one_method_are_not_for_another(states, ours, theirs, stage):
    own, given = shapes(states[ours, '_finetune']), shapes(states[theirs, stage])
    if ours == theirs:
        assert any(line.startswith('matched') for line in report_match(own, given, complete=False))
    elif (ours, theirs) == ('VideoMAE', 'HiCMAE'):  # its video encoder is HiCMAE's
        (matched, *_) = report_match(own, given, complete=False)
        encoder = sum(name.startswith('encoders.video.') for name in own)
        assert int(re.match(r'matched: (\d+) of', matched)[1]) >= encoder
    else:
        assert refusal(own, given).startswith(f'it is a model of {theirs}, and the configuration is of {ours}: ')


@pytest.mark.parametrize('method', METHODS)
def test_a_fine_tuned_file_is_not_for_pretraining(states, method):
    own, given = shapes(states[method, '']), shapes(states[method, '_finetune'])
    assert refusal(own, given).startswith('it is a fine-tuned model, with a head and without decoders')


@pytest.mark.parametrize('method', METHODS)
def test_a_pretrained_file_is_not_tested(states, method):
    own, given = shapes(states[method, '_finetune']), shapes(states[method, ''])
    assert 'without which the model cannot be tested: ' in refusal(own, given, complete=True)


@pytest.mark.parametrize('method', METHODS)
def test_half_of_the_names(states, method):
    own = shapes(states[method, '_finetune'])
    given = shapes(states[method, ''])
    half = {name: given[name] for name in list(given)[::2]}
    assert re.match(r'it has encoders\.video in part: \d+ of its \d+ weights are missing, such as', refusal(own, half))


@pytest.mark.parametrize('method', METHODS)
def test_released_names_are_to_be_converted(states, method):
    released = shapes(convert_state_dict(states[method, ''], to_released=True))
    said = f'nothing in it matches the model by name. It is a released model of {method}: convert it with'
    assert refusal(shapes(states[method, '_finetune']), released).startswith(said)


def test_a_wider_model_than_the_fine_tuned_one_is_refused_with_the_counts(states):
    given = shapes(states['SVFAP', ''])
    wider = {name: tuple(2 * n if n == 32 else n for n in shape) for name, shape in given.items()}
    assert re.match(r'it is of another size: \d+ of \d+ weights', refusal(shapes(states['SVFAP', '_finetune']), wider))


def half_ours(state):
    released = convert_state_dict(state, to_released=True)
    return dict(list(state.items())[::2]) | dict(list(released.items())[1::2])


BROKEN = {
    'names of both sides': (half_ours, None, r'\d+ of \d+ names are not of|names of none of'),
    'no weights': (lambda state: dict(epoch=3), None, 'holds no weights'),
    'one value is NaN': (
        lambda state: {n: v * (float('nan') if n.endswith('norm.weight') else 1) for n, v in state.items()},
        None,
        'hold NaN or infinity',
    ),
    'cut in the middle': (dict, lambda data: data[: len(data) // 2], 'is cut off or damaged'),
    'cut at the end': (dict, lambda data: data[:-30], 'is cut off or damaged'),
    'a changed byte': (dict, lambda data: data[:90000] + bytes([data[90000] ^ 1]) + data[90001:], 'CRC-32'),
    'empty': (dict, lambda data: b'', 'is empty'),
    'a web page': (dict, lambda data: b'<!DOCTYPE html><html>', 'is a web page'),
    'an LFS pointer': (dict, lambda data: b'version https://git-lfs.github.com/spec/v1', 'Git LFS pointer'),
}


@pytest.mark.parametrize('what', BROKEN)
def test_broken_files_are_not_converted(states, tmp_path, what):
    make, damage, said = BROKEN[what]
    path = tmp_path / 'in.pth'
    torch.save(dict(model=make(states['HiCMAE', ''])), path)
    if damage is not None:
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=said) as error:
        convert_file(path, tmp_path / 'out.pth')
    assert str(path) in str(error.value) and '\n' not in str(error.value)
    assert not (tmp_path / 'out.pth').exists()


def test_an_optimizer_is_not_read_to_convert_the_weights(states, tmp_path):
    state = convert_state_dict(states['MAE-DFER', ''], to_released=True)
    path = tmp_path / 'in.pth'
    torch.save(dict(model=state, optimizer=dict(state={0: torch.ones(10)})), path)
    reads = []
    read = torch.UntypedStorage.from_file
    mapped = lambda *args: reads.append(args) or read(*args)  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.UntypedStorage, 'from_file', mapped)
        convert_file(path, tmp_path / 'out.pth')
    assert len(reads) == 1, 'the file is mapped, not read'
