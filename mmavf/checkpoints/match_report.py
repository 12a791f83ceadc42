"""Match of a checkpoint's weights with those of a model, counted by part."""

from collections import Counter
from collections.abc import Iterable, Mapping

from mmavf.errors import CheckpointError

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
        CheckpointError: Nothing matches, the checkpoint is of another size, or it lacks weights and `complete` is set.
    """
    common = [name for name in own if name in given]
    if not common:
        raise CheckpointError(f'nothing in it matches the model by name. {_advice(own, given)}')
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
        raise CheckpointError(f'it lacks weights without which the model cannot be tested: {count_parts(new)}')
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


def _advice(own: Shapes, given: Shapes) -> str:
    """Say what to do with weights that all have other names."""
    first = next(iter(given), '')
    prefix = first.partition('.')[0] + '.'
    if all(name.startswith(prefix) for name in given) and any(name.removeprefix(prefix) in own for name in given):
        return (
            f'Its names begin with {prefix!r}, as those of a model inside another one (Lightning): save them again '
            'without it.'
        )
    return (
        f'Its weights have names such as {first!r}. Released checkpoints have other names: convert them with '
        'tools/model_converters/convert_release.py. Otherwise it is of another model.'
    )


def count_parts(names: Iterable[str]) -> str:
    """Count names by their first part, as in 'head (4), layer_weights (2)'."""
    return ', '.join(f'{part} ({count})' for part, count in Counter(_part(name) for name in names).items())


def _part(name: str) -> str:
    return name.split('.')[0]


def _size(shape: tuple[int, ...] | None) -> str:
    return 'not a tensor' if shape is None else ' × '.join(map(str, shape)) or 'a scalar'
