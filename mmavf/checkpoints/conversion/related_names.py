"""Encoders of the released HiCMAE and MAE-DFER models, by this package's names.

HiCMAE's encoders are `ViTEncoder`s. MAE-DFER's is an `ImprovedLGIEncoder` with `stage_iv=False`; as fine-tuned it also
has `final_norm=False`, and its head fits `ClassificationHead`.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor

from mmavf.errors import CheckpointError

from .avfmae_names import released_to_mmavf

# MAE-DFER's fine-tuned model has the encoder's parts at the top, and a head that fits
_TOP_LEVEL_ENCODER = ('lg_region_tokens', 'patch_embed', 'blocks', 'norm')
_HEAD = ('fc_norm', 'head')


def is_related_model(names: Iterable[str]) -> bool:
    """Return whether released names are HiCMAE's or MAE-DFER's rather than AVF-MAE++'s."""
    names = list(names)
    parts = {_part(name) for name in names}
    other_fusion = 'encoder_fusion' in parts and not any('Iterative_Refinement_Module' in name for name in names)
    video_autoencoder = 'decoder' in parts and 'decoder_audio' not in parts
    return other_fusion or video_autoencoder or 'lg_region_tokens' in parts


def convert_encoders(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Rename what has a counterpart in this package; tensors are passed on as they are.

    Returns:
        The renamed tensors, and the names of those without a counterpart: fusion modules and what is behind them,
        decoders.

    Raises:
        CheckpointError: Nothing has a counterpart.
    """
    single = 'lg_region_tokens' in state
    converted, left_out = {}, []
    for name, tensor in state.items():
        try:
            converted[_our_name(name, single)] = tensor
        except KeyError:
            left_out.append(name)
    if not converted:
        raise CheckpointError(f'none of {len(left_out)} weights belongs to an encoder of this package: {left_out[:10]}')
    return converted, left_out


def _our_name(name: str, single: bool) -> str:
    part = _part(name)
    if single and part in _TOP_LEVEL_ENCODER:
        return released_to_mmavf(f'encoder.{name}')
    if part in ('encoder', 'encoder_audio') or (single and part in _HEAD):
        return released_to_mmavf(name)
    raise KeyError(name)


def _part(name: str) -> str:
    return name.split('.')[0]
