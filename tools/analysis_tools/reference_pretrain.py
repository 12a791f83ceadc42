"""The AVF-MAE++ pre-training case of a reference folder: run the model, compare everything that it computes."""

from collections.abc import Iterator

import torch
from reference_compare import Finding, compare
from reference_models import TARGET_MODES, build_pretrainer, set_target_mode
from reference_runs import (
    Loader,
    check_gradients,
    check_statistics,
    full_precision,
    load_needed,
    model_inputs,
    record_outputs,
)
from torch import Tensor, nn

from mmavf.checkpoints.conversion import convert_state_dict
from mmavf.models.pretrainers import AVFMAEPretrainer, PretrainOutput


def check_pretrain(case: dict, load: Loader) -> Iterator[Finding]:
    """Compare everything that the folder holds of the case `avf_pretrain`.

    Args:
        case: The case's part of the manifest.
        load: Reads `<name>.pth` of the folder, None where it is missing.

    Raises:
        FileNotFoundError: Without state, inputs or masks nothing can be compared.
    """
    stored, state, masks = load_needed(load, 'inputs', 'avf_pretrain.state', 'avf_pretrain.masks')
    model = build_pretrainer(case['constructor_args'], masks)
    inputs = model_inputs(stored)
    video, audio = inputs['video'], inputs['audio']

    model.load_state_dict(convert_state_dict(full_precision(state)))
    parts = {name: load(f'avf_pretrain.{name}') for name in ('eval', 'eval_intermediate', 'eval_grads', 'targets')}
    yield from _check_run(model.eval(), 'eval', inputs, masks, '', parts, 1e-4)

    model.load_state_dict(convert_state_dict(full_precision(state)))
    parts = {name: load(f'avf_pretrain.train6{name}') for name in ('', '_intermediate', '_grads')}
    parts = dict(eval=parts[''], eval_intermediate=parts['_intermediate'], eval_grads=parts['_grads'])
    six = dict(
        video=torch.cat((video, video.flip(-1), video.flip(2))), audio=torch.cat((audio, audio.flip(-1), audio.flip(2)))
    )
    yield from _check_run(model.train(), 'train6', six, masks, '_b6', parts, 5e-4)


def _check_run(
    model: AVFMAEPretrainer,
    run: str,
    inputs: dict[str, Tensor],
    masks: dict[str, Tensor],
    mask_suffix: str,
    parts: dict[str, dict | None],
    gradient_tolerance: float,
) -> Iterator[Finding]:
    if not any(parts.values()):
        return
    pairs = {m: (masks[f'mask_{m}{mask_suffix}'].bool(), masks[f'decode_mask_{m}{mask_suffix}'].bool()) for m in inputs}
    calls = record_outputs(model, _modules(model))
    output = model(inputs, masks=pairs)
    if parts['eval_intermediate']:
        yield from _check_intermediate(model, run, calls, inputs, parts['eval_intermediate'])
    expected, gradients = parts['eval'] or {}, parts['eval_grads'] or {}
    yield from _check_outputs(model, run, output, expected)
    for mode in TARGET_MODES:
        set_target_mode(model, mode)
        if f'loss_{mode}' in expected:
            yield from _check_losses(model, f'{run}.loss_{mode}', inputs, output, expected[f'loss_{mode}'])
        if parts.get('targets'):
            yield from _check_targets(model, mode, inputs, output, parts['targets'])
        if f'grad_{mode}' in gradients:
            loss = sum(model.loss(inputs, output).values())
            yield from check_gradients(model, f'{run}.grad_{mode}', loss, gradients[f'grad_{mode}'], gradient_tolerance)


def _check_outputs(model: AVFMAEPretrainer, run: str, output: PretrainOutput, expected: dict) -> Iterator[Finding]:
    hidden = zip(output.encoded['video'].hidden, output.encoded['audio'].hidden, strict=True)
    per_video, per_audio = zip(*(model.contrastive_loss.logits(v, a) for v, a in hidden), strict=True)
    ours = dict(
        pred_video=output.predictions['video'],
        pred_audio=output.predictions['audio'],
        logits_per_video=per_video,
        logits_per_audio=per_audio,
    )
    for name, value in ours.items():
        if name in expected:
            yield from compare(f'{run}.{name}', value, expected[name], 2e-5)
    yield from check_statistics(model, f'{run}.bn_after', expected.get('bn_after', {}), 2e-5)


def _check_losses(
    model: AVFMAEPretrainer, name: str, inputs: dict[str, Tensor], output: PretrainOutput, expected: dict
) -> Iterator[Finding]:
    losses = model.loss(inputs, output)
    hidden = zip(output.encoded['video'].hidden, output.encoded['audio'].hidden, strict=True)
    logits = [model.contrastive_loss.logits(video, audio) for video, audio in hidden]
    layers = [model.contrastive_loss.layer_loss(scores) for scores in logits]
    labels = torch.arange(len(inputs['video']))
    ours = dict(
        loss_video=losses['loss_video'],
        loss_audio=losses['loss_audio'],
        total=sum(losses.values()),
        hcmcl_per_layer=layers,
        hcmcl=sum(layers),
        ce_video_then_audio_per_layer=[nn.functional.cross_entropy(s, labels) for pair in logits for s in pair],
        n_counted_tokens_video=output.masks['video'].loss_weight.sum(),
        n_counted_tokens_audio=output.masks['audio'].loss_weight.sum(),
    )
    for key, value in expected.items():
        yield from compare(f'{name}.{key}', ours[key], value, 1e-5)


def _check_targets(
    model: AVFMAEPretrainer, mode: str, inputs: dict[str, Tensor], output: PretrainOutput, expected: dict
) -> Iterator[Finding]:
    for m in inputs:
        name = f'target_{m}_{mode}'
        if name in expected:
            target = model.targets[m](inputs[m], output.masks[m].decode_ids)
            yield from compare(f'targets.{name}', target, expected[name], 2e-5)


def _modules(model: AVFMAEPretrainer) -> dict[str, str]:
    """Return, for every released module that references exist for, the name of ours."""
    names = {'encoder_fusion.Iterative_Refinement_Module': 'correlation.refinement', 'encoder_fusion': 'correlation'}
    names |= {f'encoder_fusion.blocks.{i}': f'correlation.units.{i}' for i in range(len(model.correlation.units))}
    for suffix, modality in (('', 'video'), ('_audio', 'audio')):
        names[f'encoder{suffix}'] = f'encoders.{modality}'
        names[f'encoder{suffix}.blocks.0'] = f'encoders.{modality}.blocks.0'
        names[f'encoder_to_decoder{suffix}'] = f'to_decoder.{modality}'
    return names


def _check_intermediate(
    model: AVFMAEPretrainer, run: str, calls: dict[str, list], inputs: dict[str, Tensor], expected: dict
) -> Iterator[Finding]:
    for name, reference in expected.items():
        quantity = f'{run}.intermediate.{name}'
        if 'patch_embed' in name:
            modality = 'audio' if 'audio' in name else 'video'
            encoder = model.encoders[modality]
            ours = encoder.patch_embed(inputs[modality], torch.arange(0, encoder.num_tokens, 16))
        else:
            ours = _layout(name, calls)
        yield from compare(quantity, ours, reference, 2e-5)


def _layout(name: str, calls: dict[str, list]) -> list:
    """Bring our outputs into the nesting of the reference."""
    outputs = calls[name]
    if name.endswith('.blocks.0') and not name.startswith('encoder_fusion'):
        return [x.flatten(0, 1) for x in outputs]  # (B, K, 1 + n, C) -> (B * K, 1 + n, C)
    if name in ('encoder', 'encoder_audio'):
        return [[x.tokens, list(x.hidden)] for x in outputs]
    if name.startswith('encoder_to_decoder'):
        return [outputs[-1], *outputs[:-1]]  # we map the skip features first
    if name == 'encoder_fusion':
        units = [calls[key] for key in sorted(calls) if key.startswith('encoder_fusion.blocks.')]
        return [[*outputs[0], [unit[0][0] for unit in units], [unit[0][1] for unit in units]]]
    return outputs
