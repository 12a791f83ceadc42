"""Common parts of all cases of a reference folder: files, inputs, recorded outputs, gradients, statistics."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmavf.checkpoints.conversion import convert_state_dict
from mmavf.models.encoders import EncoderOutput

from .compare import Finding, compare, compare_norms

Loader = Callable[[str], dict | None]
Rename = Callable[[str], str]
Calls = dict[str, list]
Layout = Callable[[str, Calls], Any]
OUTPUTS = 2e-5  # largest differences
LOSSES = 1e-5


@dataclass(frozen=True)
class Variant:
    """One run of a case, stored in `CASE.<name>.pth`, `CASE.<name>_intermediate.pth` and `CASE.<name>_grads.pth`.

    Attributes:
        name: Of its files.
        options: Passed to the case's builder.
        training: Whether the model is in training mode.
        six: Whether the batch is cat(x, x.flip(-1), x.flip(2)), with masks named `<mask>_b6`.
        complement: Whether the decoder predicts what the encoder does not see, whatever decoder mask is stored.
        targets: Suffix of the targets' names in `CASE.targets.pth`; None where another variant compares them.
        gradient_tolerance: Relative tolerance of gradient norms.
        noise: Regular expressions of released parameters whose gradient is zero up to noise.
        looser: Tolerance of intermediate tensors by regular expression, where it is another.
    """

    name: str = 'eval'
    options: Mapping = field(default_factory=dict)
    training: bool = False
    six: bool = False
    complement: bool = False
    targets: str | None = None
    gradient_tolerance: float = 1e-4
    noise: tuple[str, ...] = ()
    looser: Mapping[str, float] = field(default_factory=dict)


def common_layout(name: str, calls: Calls) -> list:
    """Bring the outputs of a module, given by its released name, into the nesting of the reference."""
    outputs = [_plain(output) for output in calls[name]]
    if name.startswith('encoder_to_decoder'):
        return [outputs[-1], *outputs[:-1]]  # we map the skip features first
    return outputs


def _plain(output: object) -> object:
    if isinstance(output, EncoderOutput):
        return [output.tokens, list(output.hidden)] if output.hidden else output.tokens
    if isinstance(output, Tensor) and output.ndim == 4:
        return output.flatten(0, 1)  # of a block over regions: (B, K, 1 + n, C) -> (B * K, 1 + n, C)
    return output


@dataclass(frozen=True)
class ModelCase:
    """What is particular to one stage of a method.

    Attributes:
        build: Builds the model from the manifest's constructor arguments, in pre-training the masks, and a variant's
            options.
        modules: Returns, for every released module that references exist for, the name of ours.
        layout: Brings the outputs of such a module into the nesting of the reference.
        variants: The runs.
    """

    build: Callable[..., Any]
    modules: Callable[[Any], dict[str, str]]
    layout: Layout = common_layout
    variants: tuple[Variant, ...] = (Variant(),)

    def load_model(self, variant: Variant, state: dict[str, Tensor], *args: Mapping) -> Any:
        """Return the model of a variant with the stored state in full precision; `args` are those of `build`."""
        model = self.build(*args, **variant.options)
        values = {n: value.float() if value.is_floating_point() else value.clone() for n, value in state.items()}
        model.load_state_dict(convert_state_dict(values))
        return model.train(variant.training)


def folder_loader(folder: Path) -> Loader:
    """Return a reader of a folder's files, None where one is missing.

    `<name>.json` is a table, `<name>.pth` holds tensors and plain values only.
    """

    def load(name: str) -> dict | None:
        """Read the file of that name, if there is one."""
        path, table = folder / f'{name}.pth', folder / f'{name}.json'
        if table.exists() and not path.exists():
            return json.loads(table.read_text())
        return torch.load(path, map_location='cpu', weights_only=True) if path.exists() else None

    return load


def load_needed(load: Loader, *names: str) -> list[dict]:
    """Read files without which nothing can be compared.

    Raises:
        FileNotFoundError: Some are missing; all are named.
    """
    contents = {name: load(name) for name in names}
    missing = [f'{name}.pth' for name, content in contents.items() if content is None]
    if missing:
        raise FileNotFoundError(f'{", ".join(missing)} missing: nothing can be compared')
    return [content for content in contents.values() if content is not None]


def inputs_name(manifest: Mapping) -> str:
    """Return the name of the file with a case's clips, without its suffix."""
    return manifest.get('inputs', 'inputs.pth').removesuffix('.pth')


def model_inputs(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the clips as the reference models saw them, `video` (B, 3, T, H, W) and `audio` (B, 1, time, mel)."""
    inputs = dict(video=(stored['video_u8'].float() - 128) / 64)
    return inputs | {m: stored[m] for m in ('audio',) if m in stored}


def check_gradients(
    model: nn.Module, name: str, loss: Tensor, expected: dict, variant: Variant, rename: Rename
) -> Iterator[Finding]:
    """Compare the norms of the loss's gradients: per parameter, per top-level module by released names, in total."""
    model.zero_grad(set_to_none=True)
    loss.backward(retain_graph=True)
    norms = {rename(k): None if p.grad is None else p.grad.double().norm().item() for k, p in model.named_parameters()}
    per_parameter = {
        key: norm
        for key, norm in expected['per_param_norm'].items()
        if not any(re.search(pattern, key) for pattern in variant.noise)
    }
    tolerance = variant.gradient_tolerance
    yield compare_norms(f'{name}.per_param_norm', norms, per_parameter, tolerance)
    modules: dict[str, float] = {}
    for key, norm in norms.items():
        top = key.split('.')[0]
        modules[top] = (modules.get(top, 0.0) ** 2 + (norm or 0.0) ** 2) ** 0.5
    yield compare_norms(f'{name}.top_level_norm', modules, expected['top_level_norm'], tolerance)
    total = sum(norm**2 for norm in modules.values()) ** 0.5
    yield compare_norms(f'{name}.total_norm', {'total': total}, {'total': expected['total_norm']}, tolerance)


def check_statistics(
    model: nn.Module, name: str, expected: dict, tolerance: float, rename: Rename
) -> Iterator[Finding]:
    """Compare the BatchNorm statistics after a run with those of the reference, by released names."""
    buffers = {rename(key): value for key, value in model.state_dict().items() if 'conv' in key}
    for key, value in expected.items():
        yield from compare(f'{name}.{key}', buffers[key], value, tolerance)


def record_outputs(model: nn.Module, modules: dict[str, str]) -> Calls:
    """Collect the outputs of every call of sub-modules, given as released name → name in `model`."""
    calls: Calls = {}
    for released, ours in modules.items():
        outputs = calls.setdefault(released, [])
        model.get_submodule(ours).register_forward_hook(lambda m, args, out, outputs=outputs: outputs.append(out))
    return calls


def check_intermediate(
    encoders: Any,
    variant: Variant,
    inputs: Mapping[str, Tensor],
    calls: Calls,
    layout: Layout,
    expected: Mapping[str, object],
    tolerance: float,
) -> Iterator[Finding]:
    """Compare what modules gave, by released names; `[:, ::n]` at a name's end stands for every n-th token."""
    ours: Any
    for name, reference in expected.items():
        module, _, step = name.removesuffix(']').partition('[:, ::')
        if module.endswith('patch_embed'):
            modality = 'audio' if 'audio' in module else 'video'
            encoder = encoders[modality]
            ours = encoder.patch_embed(inputs[modality], torch.arange(0, encoder.num_tokens, int(step or 1)))
        else:
            ours = layout(module, calls)
            if isinstance(ours, list) and len(ours) == 1 and not (isinstance(reference, list) and len(reference) == 1):
                (ours,) = ours  # of one call the reference may hold the output without a list of calls
            ours = ours[:, :: int(step)] if step else ours
        for finding in compare(f'{variant.name}.intermediate.{name}', ours, reference, tolerance):
            looser = [other for pattern, other in variant.looser.items() if re.search(pattern, finding.quantity)]
            yield finding._replace(tolerance=looser[0]) if looser else finding
