"""Common parts of all cases of a reference folder: reading its files, comparing gradients and statistics."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from reference_compare import Finding, compare, compare_norms
from torch import Tensor, nn

from mmavf.checkpoints.conversion import mmavf_to_released

# gradient zero up to noise under batch statistics: the norm behind removes a constant
NOISE_IN_TRAINING = ('conv_audio.0.bias', 'conv_video.0.bias')
Loader = Callable[[str], dict | None]
Rename = Callable[[str], str]


def folder_loader(folder: Path) -> Loader:
    """Return a reader of a folder's `<name>.pth`: tensors and plain values only, None where the file is missing."""

    def load(name: str) -> dict | None:
        path = folder / f'{name}.pth'
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
    return list(contents.values())


def full_precision(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a stored state with its floating-point tensors as float32."""
    return {name: value.float() if value.is_floating_point() else value.clone() for name, value in state.items()}


def model_inputs(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the clips as the reference models saw them, `video` (B, 3, T, H, W) and `audio` (B, 1, time, mel)."""
    return dict(video=(stored['video_u8'].float() - 128) / 64, audio=stored['audio'])


def check_gradients(
    model: nn.Module, name: str, loss: Tensor, expected: dict, tolerance: float, rename: Rename = mmavf_to_released
) -> Iterator[Finding]:
    """Compare the norms of the loss's gradients: per parameter, per top-level module by released names, in total."""
    model.zero_grad(set_to_none=True)
    loss.backward(retain_graph=True)
    norms = {rename(k): None if p.grad is None else p.grad.double().norm().item() for k, p in model.named_parameters()}
    skipped = NOISE_IN_TRAINING if model.training else ()
    per_parameter = {k: v for k, v in expected['per_param_norm'].items() if not k.endswith(skipped or '\0')}
    yield compare_norms(f'{name}.per_param_norm', norms, per_parameter, tolerance)
    modules: dict[str, float] = {}
    for key, norm in norms.items():
        top = key.split('.')[0]
        modules[top] = (modules.get(top, 0.0) ** 2 + (norm or 0.0) ** 2) ** 0.5
    yield compare_norms(f'{name}.top_level_norm', modules, expected['top_level_norm'], tolerance)
    total = sum(norm**2 for norm in modules.values()) ** 0.5
    yield compare_norms(f'{name}.total_norm', {'total': total}, {'total': expected['total_norm']}, tolerance)


def check_statistics(model: nn.Module, name: str, expected: dict, tolerance: float) -> Iterator[Finding]:
    """Compare the BatchNorm statistics after a run with those of the reference, by released names."""
    buffers = {mmavf_to_released(key): value for key, value in model.state_dict().items() if 'conv' in key}
    for key, value in expected.items():
        yield from compare(f'{name}.{key}', buffers[key], value, tolerance)


def record_outputs(model: nn.Module, modules: dict[str, str]) -> dict[str, list]:
    """Collect the outputs of every call of sub-modules, given as released name → name in `model`."""
    calls: dict[str, list] = {}
    for released, ours in modules.items():
        outputs = calls.setdefault(released, [])
        model.get_submodule(ours).register_forward_hook(lambda m, args, out, outputs=outputs: outputs.append(out))
    return calls
