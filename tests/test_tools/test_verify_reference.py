"""The tool that compares the models with reference numbers: it passes on true numbers and notices wrong ones."""

import json
import shutil

import pytest
import torch

from mmavf.checkpoints.conversion import convert_state_dict
from mmavf.testing.reference import cases, register_case
from mmavf.testing.reference.compare import compare_thinned
from projects.mae_dfer.reference import build_recognizer
from tests.helpers.models import ROOT
from tests.helpers.tools import run_here

GOLDEN = ROOT / 'tests/data/golden'


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the tool with these arguments: exit status, findings, messages."""

    def run_tool(folder, *args):
        words = ('analysis_tools/verify_reference.py', folder, *args)
        status, out, err = run_here(*words, monkeypatch=monkeypatch, capsys=capsys)
        return status, [json.loads(line) for line in out.splitlines()], err

    return run_tool


def _copy(tmp_path, *names, case='avf_pretrain'):
    masks = ['masks'] if case == 'avf_pretrain' else []
    parts = [f'{case}.{name}.pth' for name in ('state', *masks, *names)]
    for name in ('manifest.json', 'inputs.pth', *parts):
        shutil.copy(GOLDEN / name, tmp_path / name)


def test_all_quantities_agree_with_the_reference(run):
    status, findings, _ = run(GOLDEN, '--cases', 'avf_pretrain')
    assert status == 0
    assert all(finding['ok'] for finding in findings)
    quantities = ' '.join(finding['quantity'] for finding in findings)
    for part in ('eval.pred_video.tokens', 'eval.pred_audio', 'logits_per_video', 'loss_raw_framediff', 'bn_after'):
        assert part in quantities
    assert 'eval.grad_norm.per_param_norm' in quantities and 'train6.grad_framediff.per_param_norm' in quantities


def test_the_fine_tuned_model_agrees_with_the_reference_in_both_modes(run):
    status, findings, _ = run(GOLDEN, '--cases', 'avf_finetune')
    assert status == 0
    assert all(finding['ok'] for finding in findings)
    quantities = {finding['quantity']: finding['tolerance'] for finding in findings}
    for name in ('logits', 'feature', 'loss_ce', 'grad.per_param_norm', 'grad.top_level_norm', 'grad.total_norm'):
        assert f'eval.{name}' in quantities and f'train.{name}' in quantities
    assert sum('train.bn_after' in quantity for quantity in quantities) == 6
    assert quantities['eval.logits'] == 2e-5 and quantities['train.logits'] == 2e-4
    assert quantities['eval.grad.per_param_norm'] == 1e-4 and quantities['train.grad.per_param_norm'] == 5e-4


@pytest.mark.parametrize('entry', ['logits', 'feature', 'loss', 'gradient', 'statistic', 'weight', 'label'])
def test_a_wrong_number_of_the_fine_tuned_model_shows(tmp_path, entry, run):
    _copy(tmp_path, 'train', case='avf_finetune')
    path = tmp_path / f'avf_finetune.{"state" if entry == "weight" else "train"}.pth'
    content = torch.load(path, weights_only=True)
    if entry in ('logits', 'feature'):
        content[entry][1, 3] += 1e-3
    elif entry == 'loss':
        content['loss_ce'] += 1e-3
    elif entry == 'gradient':
        content['grad']['per_param_norm']['layer_weights_video'] *= 1.01
    elif entry == 'statistic':
        next(iter(content['bn_after'].values()))[5] += 1e-3
    elif entry == 'weight':
        content['layer_weights_audio'][0] += 1
    else:
        content['label'] = (content['label'] + 1) % 11
    torch.save(content, path)
    status, findings, _ = run(tmp_path, '--cases', 'avf_finetune')
    wrong = {finding['quantity'].split('.')[1] for finding in findings if not finding['ok']}
    one = dict(logits={'logits'}, feature={'feature'}, loss={'loss_ce'}, gradient={'grad'}, statistic={'bn_after'})
    assert status == 1 and wrong
    assert wrong == one.get(entry, wrong)


@pytest.mark.parametrize('token_type', ['region', 'org', 'all'])
def test_other_widths_and_numbers_of_classes_come_from_the_manifest(tmp_path, token_type, run):
    shutil.copy(GOLDEN / 'inputs.pth', tmp_path / 'inputs.pth')
    args = json.loads((GOLDEN / 'manifest.json').read_text())['cases']['avf_finetune']['constructor_args']
    args |= dict(num_classes=7, embed_dim=24, depth=3, num_heads=3, lg_classify_token_type='region')
    (tmp_path / 'manifest.json').write_text(json.dumps(dict(cases=dict(maedfer_finetune=dict(constructor_args=args)))))
    name = dict(region='eval', org='eval_org', all='eval_all')[token_type]
    torch.manual_seed(0)
    model = build_recognizer(args, 'local' if token_type == 'org' else token_type).eval()
    state = convert_state_dict(model.state_dict(), to_released=True)
    state = {key.removeprefix('encoder.'): value for key, value in state.items()}
    torch.save(state, tmp_path / 'maedfer_finetune.state.pth')
    video = (torch.load(tmp_path / 'inputs.pth')['video_u8'].float() - 128) / 64
    feature, logits = model(dict(video=video))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([6, 2]))
    loss.backward()
    norms = {key.split('video.')[-1]: p.grad.norm().item() for key, p in model.encoders.named_parameters()}
    norm = sum(p.grad.square().sum() for p in model.parameters()).sqrt().item()
    grad = dict(
        per_param_norm={'blocks.2.mlp.fc1.bias': norms['blocks.2.ffn.fc1.bias']}, top_level_norm={}, total_norm=norm
    )
    expected = dict(
        feature=feature, logits=logits, label=torch.tensor([6, 2]), loss_ce=loss.item(), bn_after={}, grad=grad
    )
    torch.save(expected, tmp_path / f'maedfer_finetune.{name}.pth')
    status, findings, message = run(tmp_path)
    assert status == 0, message
    assert [finding['quantity'] for finding in findings][:3] == [f'{name}.logits', f'{name}.feature', f'{name}.loss_ce']


@pytest.mark.parametrize('entry', ['prediction', 'loss', 'gradient', 'weight'])
def test_a_wrong_number_shows_as_a_difference(tmp_path, entry, run):
    _copy(tmp_path, 'eval', 'eval_grads')
    file = {'gradient': 'eval_grads', 'weight': 'state'}.get(entry, 'eval')
    path = tmp_path / f'avf_pretrain.{file}.pth'
    content = torch.load(path, weights_only=True)
    if entry == 'prediction':
        content['pred_audio'][1, 7, 3] += 1e-3
    elif entry == 'loss':
        content['loss_raw']['loss_video'] *= 1.0001
    elif entry == 'gradient':
        content['grad_framediff']['per_param_norm']['encoder.blocks.1.mlp.fc1.weight'] *= 1.01
    else:
        content['encoder.blocks.1.mlp.fc1.weight'][0, 0] += 1
    torch.save(content, path)
    status, findings, _ = run(tmp_path)
    wrong = [finding['quantity'] for finding in findings if not finding['ok']]
    assert status == 1 and wrong
    expected = dict(prediction='eval.pred_audio', loss='eval.loss_raw.loss_video', gradient='eval.grad_framediff')
    assert all(quantity.startswith(expected.get(entry, '')) for quantity in wrong)


def test_a_module_adds_a_case_and_one_that_is_missing_is_an_error(tmp_path, run, monkeypatch):
    _copy(tmp_path)
    (tmp_path / 'zero_case.py').write_text(
        'from mmavf.testing.reference import Finding, register_case\n'
        'class Zero:\n'
        '    def check(self, name, manifest, load):\n'
        "        yield Finding('zero', manifest['zero'], 0.1)\n"
        "register_case('zero_case', Zero())\n"
    )
    (tmp_path / 'manifest.json').write_text('{"cases": {"zero_case": {"zero": 0.2}}}')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(cases, '_CASES', dict(cases._CASES))
    status, findings, _ = run(tmp_path, '--import', 'zero_case')
    assert status == 1
    assert findings == [dict(case='zero_case', quantity='zero', max_abs_diff=0.2, tolerance=0.1, ok=False)]
    status, _, message = run(tmp_path, '--import', 'no_such_module')
    assert status == 1 and 'no_such_module' in message
    with pytest.raises(ValueError, match='already a reference case'):
        register_case('zero_case', None)


def test_a_stored_sum_is_not_rounded():
    ours = torch.full((1, 2**12, 2**8), 0.5)
    reference = dict(shape=ours.shape, token_step=1, sum=2**19 + 0.02)
    (finding,) = compare_thinned('sum', ours, reference, 2e-5)
    assert finding.difference == pytest.approx(0.02)


def test_a_case_without_its_state_and_an_unknown_case_are_errors(tmp_path, run):
    _copy(tmp_path, 'eval')
    (tmp_path / 'avf_pretrain.state.pth').unlink()
    status, findings, message = run(tmp_path, '--cases', 'avf_pretrain', 'nonsense')
    assert status == 1 and not findings
    assert 'avf_pretrain.state.pth missing' in message and 'nonsense is not implemented' in message
