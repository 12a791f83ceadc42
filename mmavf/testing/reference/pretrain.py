"""Pre-training cases of a reference folder: run the model, compare everything that it computes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mmavf.checkpoints.conversion import find_family
from mmavf.models.pretrainers import MaskedAutoencoder, PretrainOutput

from .compare import Finding, compare
from .parts import TARGET_MODES, set_target_mode
from .runs import (
    LOSSES,
    OUTPUTS,
    Loader,
    ModelCase,
    Rename,
    Variant,
    check_gradients,
    check_intermediate,
    check_statistics,
    inputs_name,
    load_needed,
    model_inputs,
    record_outputs,
)


@dataclass(frozen=True)
class PretrainCase(ModelCase):
    """What is particular to a method's pre-training case; attributes as of the base."""

    variants: tuple[Variant, ...] = (Variant(targets=''),)

    def check(self, name: str, manifest: Mapping, load: Loader) -> Iterator[Finding]:
        """Compare everything that the folder holds of a case.

        Args:
            name: Of the case.
            manifest: The case's part of the manifest.
            load: Reads `<name>.pth` of the folder, None where it is missing.

        Raises:
            ConfigError: The manifest asks for a model that this package does not have.
            FileNotFoundError: Without state, inputs or masks nothing can be compared.
        """
        stored, state, masks = load_needed(load, inputs_name(manifest), f'{name}.state', f'{name}.masks')
        rename = find_family(state).pretrained.to_released
        for variant in self.variants:
            model = self.load_model(variant, state, manifest['constructor_args'], masks)
            inputs = {m: x for m, x in model_inputs(stored).items() if m in model.modalities}
            names = dict(eval='', intermediate='_intermediate', gradients='_grads')
            files = {part: load(f'{name}.{variant.name}{suffix}') or {} for part, suffix in names.items()}
            files['targets'] = _own_targets(variant, load(f'{name}.targets') or {})
            if any(files.values()):
                yield from self._check_run(model, variant, inputs, masks, files, rename)

    def _check_run(
        self,
        model: MaskedAutoencoder,
        variant: Variant,
        inputs: dict[str, Tensor],
        masks: Mapping[str, Tensor],
        files: Mapping[str, dict],
        rename: Rename,
    ) -> Iterator[Finding]:
        run = variant.name
        if variant.six:
            inputs = {m: torch.cat((x, x.flip(-1), x.flip(2))) for m, x in inputs.items()}
        calls = record_outputs(model, self.modules(model))
        output = model(inputs, masks=_mask_pairs(inputs, masks, variant))
        yield from check_intermediate(
            model.encoders, variant, inputs, calls, self.layout, files['intermediate'], OUTPUTS
        )
        yield from _check_outputs(model, run, output, files['eval'])
        yield from check_statistics(model, f'{run}.bn_after', files['eval'].get('bn_after', {}), OUTPUTS, rename)
        for mode in TARGET_MODES:
            set_target_mode(model, mode)
            losses = files['eval'].get(f'loss_{mode}', {})
            yield from _check_losses(model, f'{run}.loss_{mode}', inputs, output, losses)
            yield from _check_targets(model, f'{mode}{variant.targets}', inputs, output, files['targets'])
            if gradients := files['gradients'].get(f'grad_{mode}'):
                loss: Any = sum(model.loss(inputs, output).values())
                yield from check_gradients(model, f'{run}.grad_{mode}', loss, gradients, variant, rename)


def _own_targets(variant: Variant, targets: Mapping[str, object]) -> dict[str, object]:
    """Return the stored targets that a variant compares."""
    if variant.targets is None:
        return {}
    names = {f'target_{m}_{mode}{variant.targets}' for m in ('video', 'audio') for mode in TARGET_MODES}
    return {name: value for name, value in targets.items() if name in names}


def _mask_pairs(
    inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor], variant: Variant
) -> dict[str, tuple[Tensor, Tensor]]:
    pairs = {}
    for m in inputs:
        suffix = '_b6' if variant.six else ''
        hidden, not_decoded = masks[f'mask_{m}{suffix}'].bool(), masks.get(f'decode_mask_{m}{suffix}')
        pairs[m] = hidden, ~hidden if variant.complement or not_decoded is None else not_decoded.bool()
    return pairs


def _scores(model: MaskedAutoencoder, output: PretrainOutput) -> list[tuple[Tensor, Tensor]]:
    """Return the contrastive logits of every layer, per video and per audio."""
    if model.contrastive_loss is None:
        return []
    hidden = zip(*(output.encoded[m].hidden for m in model.modalities), strict=True)
    return [model.contrastive_loss.logits(video, audio) for video, audio in hidden]


def _check_outputs(model: MaskedAutoencoder, run: str, output: PretrainOutput, expected: dict) -> Iterator[Finding]:
    ours: dict[str, Any] = {f'pred_{m}': output.predictions[m] for m in model.modalities}
    if scores := _scores(model, output):
        ours['logits_per_video'], ours['logits_per_audio'] = zip(*scores, strict=True)
    for name, value in ours.items():
        if name in expected:
            yield from compare(f'{run}.{name}', value, expected[name], OUTPUTS)


def _check_losses(
    model: MaskedAutoencoder, name: str, inputs: dict[str, Tensor], output: PretrainOutput, expected: dict
) -> Iterator[Finding]:
    if not expected:
        return
    losses = model.loss(inputs, output)
    ours: dict[str, Any] = dict(losses, total=sum(losses.values()))
    ours |= {f'n_counted_tokens_{m}': output.masks[m].loss_weight.sum() for m in inputs}
    if scores := _scores(model, output):
        layers = [model.contrastive_loss.layer_loss(pair) for pair in scores]
        labels = torch.arange(len(scores[0][0]))
        ours |= dict(
            hcmcl_per_layer=layers,
            hcmcl=sum(layers),
            ce_video_then_audio_per_layer=[nn.functional.cross_entropy(s, labels) for pair in scores for s in pair],
        )
    for key, value in expected.items():
        yield from compare(f'{name}.{key}', ours[key], value, LOSSES)


def _check_targets(
    model: MaskedAutoencoder, mode: str, inputs: dict[str, Tensor], output: PretrainOutput, expected: dict
) -> Iterator[Finding]:
    for m in inputs:
        name = f'target_{m}_{mode}'
        if name in expected:
            target = model.targets[m](inputs[m], output.masks[m].decode_ids)
            yield from compare(f'targets.{name}', target, expected[name], OUTPUTS)
