"""Checks that every model has to pass, whatever it is made of.

Each takes a built model and raises AssertionError. `inputs` are its clips by modality, (B, channels, *size).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mmavf.engine.optimizers import GuardedOptimWrapper
from mmavf.models.pretrainers import MaskedAutoencoder, PretrainOutput


def check_step_without_data(model: MaskedAutoencoder, inputs: Mapping[str, Tensor]) -> None:
    """Take losses and gradients on the meta device, which has no values: reading one, as `.item()` does, fails.

    On a GPU each such read makes the host wait for the device. The model stays on the meta device.
    """
    model.to('meta')
    losses = model({m: x.to('meta') for m, x in inputs.items()}, mode='loss')
    sum(losses.values()).backward()
    assert all(loss.shape == () for loss in losses.values()), f'losses are not scalars: {losses}'


def check_update_without_data(model: MaskedAutoencoder, inputs: Mapping[str, Tensor]) -> None:
    """Run a whole step with a clipped and guarded update on fake tensors, which have no values either.

    The meta device, where copies to the host fail as well, is not known to fused optimizers. The model cannot be used
    afterwards.
    """
    model.to('meta')
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.to_empty(device='cpu')
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        wrapper = GuardedOptimWrapper(optimizer, dtype='float32', clip_grad=dict(max_norm=1.0))
        losses = model({m: torch.empty(x.shape) for m, x in inputs.items()}, mode='loss')
        wrapper.update_params(sum(losses.values()))


def check_whole_graph(model: MaskedAutoencoder, inputs: Mapping[str, Tensor]) -> None:
    """Make sure that losses under given masks are one graph without a break, and that it has the same gradients."""
    masks, names = model.draw_masks(inputs), [name for name, p in model.named_parameters() if p.requires_grad]
    torch._dynamo.reset()
    compiled = torch.compile(model.masked_losses, fullgraph=True, backend='aot_eager', dynamic=False)
    results = []
    for losses_of in (model.masked_losses, compiled):
        model.zero_grad(set_to_none=True)
        losses = losses_of(inputs, masks)
        torch.stack(list(losses.values())).sum().backward()
        results.append({**losses, **{name: model.get_parameter(name).grad for name in names}})
    torch.testing.assert_close(results[1], results[0])


def check_gradients(model: nn.Module, inputs: Mapping[str, Tensor]) -> None:
    """Make sure that the loss reaches every parameter that is trained."""
    model.zero_grad(set_to_none=True)
    sum(model(inputs, mode='loss').values()).backward()
    missed = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not missed, f'no gradient reaches {missed}'


def leaks(model: MaskedAutoencoder, inputs: Mapping[str, Tensor]) -> bool:
    """Return whether predictions depend on patches that the masks hide."""
    model.eval()
    with torch.no_grad():
        drawn = model.masker(len(inputs[model.modalities[0]]), torch.device('cpu'))
        masks = {m: _explicit(model, m, mask.keep_ids, mask.decode_ids) for m, mask in drawn.items()}
        before = model(inputs, masks=masks).predictions
        replaced = {m: _replace_hidden(model, m, x, masks[m][0]) for m, x in inputs.items()}
        after = model(replaced, masks=masks).predictions
    return any(not torch.equal(before[m], after[m]) for m in model.modalities)


def check_reload(model: nn.Module, other: nn.Module) -> None:
    """Make sure that the state of a model makes another one of the same config equal to it."""
    other.load_state_dict(model.state_dict())
    differing = [name for name, value in model.state_dict().items() if not torch.equal(value, other.state_dict()[name])]
    assert not differing, f'not restored: {differing}'


def check_export(model: nn.Module, inputs: Mapping[str, Tensor], tolerance: float = 1e-5) -> None:
    """Make sure that `torch.export` gets a program which computes the same for other clips than it was made with.

    Args:
        model: A pre-trainer, whose predictions are compared, or a recognizer, whose scores are.
        inputs: Clips to export it with.
        tolerance: Largest absolute difference.
    """
    wrapped = _Tensors(model.eval())
    others = {m: torch.randn_like(x) for m, x in inputs.items()}
    with torch.no_grad():
        program = torch.export.export(wrapped, (dict(inputs),), strict=False).module()
        outputs = []
        for run in (wrapped, program):
            torch.manual_seed(0)  # of the masks
            outputs.append(run(others))
    for name, value in outputs[0].items():
        difference = (value - outputs[1][name]).abs().max().item()
        assert difference <= tolerance, f'the exported program differs by {difference} in {name}'


class _Tensors(nn.Module):
    """A model whose output is a dictionary of tensors, as `torch.export` wants it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of the output by name."""
        output = self.model(inputs)
        return output.predictions if isinstance(output, PretrainOutput) else dict(logits=output.logits)


def _explicit(model: MaskedAutoencoder, m: str, keep_ids: Tensor, decode_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return masks (B, N), True where neither index list has a token."""
    full = torch.ones(len(keep_ids), model.encoders[m].num_tokens, dtype=torch.bool)
    return full.scatter(1, keep_ids, False), full.scatter(1, decode_ids, False)


def _replace_hidden(model: MaskedAutoencoder, m: str, x: Tensor, hidden: Tensor) -> Tensor:
    """Return clips whose hidden patches have other content."""
    encoder = model.encoders[m]
    places = hidden.view(-1, 1, *encoder.grid)
    for axis, size in enumerate(encoder.patch_size):
        places = places.repeat_interleave(size, dim=axis + 2)
    return torch.where(places, torch.randn_like(x), x)
