"""Mean tokens of a modality, which stand for it where it is missing.

Shapes: B clips, n local tokens, K region tokens, L layers, C channels.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from mmavf.errors import ClipError, ConfigError
from mmavf.models.encoders import EncoderOutput

from .batch import encode_batch


def mean_tokens(model: nn.Module, loader: Iterable[dict]) -> tuple[dict[str, Tensor], int]:
    """Return the mean over clips of what each modality's encoder makes of them, and the number of clips.

    Each token is averaged over the clips by itself, over all windows of a clip alike.

    Args:
        model: A recognizer of more than one modality, in evaluation mode.
        loader: Batches as `collate_usable` makes them.

    Returns:
        Float32 tensors for one clip by modality and part, such as `audio.tokens` (1, n, C), `audio.regions`
        (1, K, L, C) and `audio.hidden.0` (1, n, C), with `audio.token_ids`, int64 (n,); and the number of clips.

    Raises:
        ConfigError: The model has one modality only, is no recognizer, or pools the deviation of tokens, of which means
            over clips have hardly any.
        ClipError: A clip cannot be used, or there is none.
    """
    if not hasattr(model, 'encode') or len(getattr(model, 'encoders', ())) < 2:
        raise ConfigError('mean tokens stand for a missing modality: they need a recognizer of video and sound.')
    if getattr(model, 'pooling', 'mean') != 'mean':
        raise ConfigError(
            f'mean tokens do not fit a model with pooling={model.pooling!r}: means over clips vary less over time than '
            'the tokens of any clip.'
        )
    sums: dict[str, Tensor] = {}
    places: dict[str, Tensor] = {}
    clips = 0
    for batch in loader:
        if batch['failures']:
            first = batch['failures'][0]
            raise ClipError(f'{first.sample_id}: {first.error}. Fix the clip, or remove it from the list.')
        encoded = encode_batch(model, batch)
        for modality, output in encoded.items():
            places[f'{modality}.token_ids'] = output.token_ids.cpu()  # the same for every clip
            for name, value in _layers_of(output, modality).items():
                of_clips = value.double().unflatten(0, (len(batch['data_samples']), -1)).mean(dim=1)  # (B * V, ...)
                for sample, finite in zip(
                    batch['data_samples'], of_clips.flatten(1).isfinite().all(dim=1), strict=True
                ):
                    if not finite:
                        raise ClipError(
                            f'{sample.sample_id}: the {modality} encoder makes numbers of it that are not finite. '
                            'Remove it from the list.'
                        )
                sums[name] = sums.get(name, 0) + of_clips.sum(dim=0, keepdim=True).cpu()
        clips += len(batch['data_samples'])
    if not clips:
        raise ClipError('the list has no clips: mean tokens need some.')
    return {name: (value / clips).float() for name, value in sums.items()} | places, clips


def output_of(tensors: Mapping[str, Tensor], modality: str, device: Any) -> EncoderOutput:
    """Return the `EncoderOutput` of a modality from tensors by name, as `mean_tokens` returns them."""
    own = {name: value.to(device) for name, value in tensors.items() if name.startswith(f'{modality}.')}
    count = sum(name.startswith(f'{modality}.hidden.') for name in own)
    return EncoderOutput(
        tokens=own[f'{modality}.tokens'],
        hidden=tuple(own[f'{modality}.hidden.{index}'] for index in range(count)),
        regions=own.get(f'{modality}.regions'),
        token_ids=own[f'{modality}.token_ids'],
    )


def _layers_of(output: EncoderOutput, modality: str) -> dict[str, Tensor]:
    found = {f'{modality}.tokens': output.tokens}
    found |= {f'{modality}.hidden.{index}': layer for index, layer in enumerate(output.hidden)}
    return found if output.regions is None else found | {f'{modality}.regions': output.regions}
