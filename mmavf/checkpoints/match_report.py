"""Match of a checkpoint's weights with those of a model, counted by part."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mmavf.errors import CheckpointError

from .conversion.families import find_family

Shapes = Mapping[str, tuple[int, ...] | None]


def report_match(own: Shapes, given: Shapes, complete: bool) -> list[str]:
    """Compare the shapes of a model's weights with those of a checkpoint, both by name.

    A head may have other shapes, as a task of its own has: it then starts anew. Everything else that has a counterpart
    must have its shape.

    Args:
        own: Shapes of the model's weights.
        given: Shapes of the checkpoint's; None for what is not a tensor.
        complete: Whether every weight must be there, the head's too: as in a test, where nothing is trained.

    Returns:
        Lines for the log: how many match, what is new, what has another shape, what is unused.

    Raises:
        CheckpointError: Nothing matches; the checkpoint is of another method, stage or size; it has an encoder in part
            only; or it lacks weights and `complete` is set.
    """
    common = [name for name in own if name in given]
    if not common:
        raise CheckpointError(f'nothing in it matches the model by name. {_advice(own, given)}')
    _check_stage(own, given)
    _check_method(own, given)
    other = {name: f'{name} is {_size(given[name])}, not {_size(own[name])}' for name in common}
    other = {name: text for name, text in other.items() if given[name] != own[name]}
    misfits = [text for name, text in other.items() if complete or _part(name) != 'head']
    if misfits:
        shown = '; '.join(misfits[:3])
        raise CheckpointError(
            f'it is of another size: {len(misfits)} of {len(common)} weights have another shape than in the model '
            f'({shown}). Take the configuration of its size and its number of classes, or another checkpoint.'
        )
    new = [name for name in own if name not in given]
    if complete and new:
        raise CheckpointError(f'it lacks weights without which the model cannot be tested: {count_parts(new)}.')
    _check_encoders(own, new)
    unused = [name for name in given if name not in own]
    lines = [f"matched: {len(common) - len(other)} of the model's {len(own)} weights"]
    if new:
        lines.append(f'new: {count_parts(new)}')
    if other:
        lines.append(f'new, as the head has another shape: {"; ".join(other.values())}')
    if unused:
        lines.append(f'unused: {count_parts(unused)}')
    return lines


def unmatched_names(own: Shapes, given: Shapes) -> list[str]:
    """Return lines that name the weights which the checkpoint lacks, and those which the model lacks."""
    new = [name for name in own if name not in given]
    unused = [name for name in given if name not in own]
    return [f'new: {", ".join(new) or "none"}', f'unused: {", ".join(unused) or "none"}']


def _check_stage(own: Shapes, given: Shapes) -> None:
    if _has(own, 'decoders') and _has(given, 'head') and not _has(given, 'decoders'):
        raise CheckpointError(
            'it is a fine-tuned model, with a head and without decoders, and the configuration is of pre-training: '
            'take a pre-trained checkpoint, or the configuration of a fine-tuning.'
        )


def _check_method(own: Shapes, given: Shapes) -> None:
    """Refuse another method's weights, unless it has just the same encoders: VideoMAE's is HiCMAE's of video."""
    ours, theirs = _method(own, to_released=True), _method(given, to_released=True)
    encoders = {_encoder(name) for name in own if _part(name) == 'encoders'}
    same = all(_weights_of(encoder, own) == _weights_of(encoder, given) for encoder in encoders)
    if ours and theirs and ours != theirs and not same:
        raise CheckpointError(
            f'it is a model of {theirs}, and the configuration is of {ours}: take a configuration of {theirs}, or a '
            f'checkpoint of {ours}.'
        )


def _check_encoders(own: Shapes, new: Sequence[str]) -> None:
    """Refuse a part of an encoder, the rest of which would begin at random."""
    lacking = Counter(_encoder(name) for name in new if _part(name) == 'encoders')
    for encoder, count in lacking.items():
        total = sum(_encoder(name) == encoder for name in own)
        if count < total:
            first = next(name for name in new if _encoder(name) == encoder)
            raise CheckpointError(
                f'it has {encoder} in part: {count} of its {total} weights are missing, such as {first}. Take a whole '
                'checkpoint of this configuration.'
            )


def _method(names: Iterable[str], to_released: bool = False) -> str | None:
    """Return the method whose names these are, as `find_family` knows it; None if it cannot be told."""
    try:
        return find_family(names, to_released).name
    except CheckpointError:
        return None


def _has(names: Iterable[str], part: str) -> bool:
    return any(_part(name) == part for name in names)


def _advice(own: Shapes, given: Shapes) -> str:
    """Say what to do with weights that all have other names."""
    first = next(iter(given), '')
    prefix = first.partition('.')[0] + '.'
    if all(name.startswith(prefix) for name in given) and any(name.removeprefix(prefix) in own for name in given):
        return (
            f'Its names begin with {prefix!r}, as those of a model inside another one (Lightning): save them again '
            'without it.'
        )
    if released := _method(given):
        return f'It is a released model of {released}: convert it with tools/model_converters/convert_release.py.'
    return (
        f'Its weights have names such as {first!r}. Released checkpoints have other names: convert them with '
        'tools/model_converters/convert_release.py. Otherwise it is of another model.'
    )


def count_parts(names: Iterable[str]) -> str:
    """Count names by their first part, as in 'head (4), layer_weights (2)'."""
    return ', '.join(f'{part} ({count})' for part, count in Counter(_part(name) for name in names).items())


def _part(name: str) -> str:
    return name.split('.')[0]


def _encoder(name: str) -> str:
    return '.'.join(name.split('.')[:2])


def _weights_of(encoder: str, shapes: Shapes) -> dict[str, tuple[int, ...] | None]:
    """Return the shapes of an encoder's weights, without those of the norm at its end, which is optional."""
    return {n: shape for n, shape in shapes.items() if _encoder(n) == encoder and not n.startswith(f'{encoder}.norm.')}


def _size(shape: tuple[int, ...] | None) -> str:
    return 'not a tensor' if shape is None else ' × '.join(map(str, shape)) or 'a scalar'
