"""Parameter names of the released AVF-MAE++ models and of this package: a table of parts, read in both directions.

HiCMAE's plain encoders are in it too; no name of theirs has another meaning in an AVF-MAE++ encoder.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from mmavf.errors import CheckpointError

Rule = tuple[str, str]

_SELF_ATTENTION = ('q_bias', 'v_bias', 'qkv.weight', 'proj.weight', 'proj.bias')
_CROSS_ATTENTION = ('q_bias', 'v_bias', 'q.weight', 'kv.weight', 'proj.weight', 'proj.bias')
_AFFINE = ('weight', 'bias')


def _leaves(released: str, ours: str, names: tuple[str, ...]) -> list[Rule]:
    return [(f'{released}.{name}', f'{ours}.{name}') for name in names]


def _ffn(released_norm: str, released_mlp: str, ours: str) -> list[Rule]:
    rules = _leaves(released_norm, f'{ours}.norm', _AFFINE)
    for layer in ('fc1', 'fc2'):
        rules += _leaves(f'{released_mlp}.{layer}', f'{ours}.{layer}', _AFFINE)
    return rules


def _self_attention(released_norm: str, released_attn: str, ours: str) -> list[Rule]:
    return _leaves(released_norm, f'{ours}.norm', _AFFINE) + _leaves(released_attn, f'{ours}.attn', _SELF_ATTENTION)


def _cross_attention(norm: str, context_norm: str, attn: str, ours: str) -> list[Rule]:
    rules = _leaves(norm, f'{ours}.norm', _AFFINE) + _leaves(context_norm, f'{ours}.norm_context', _AFFINE)
    return rules + _leaves(attn, f'{ours}.attn', _CROSS_ATTENTION)


def _encoder(released: str, ours: str) -> list[Rule]:
    rules = [(f'{released}.lg_region_tokens', f'{ours}.region_tokens')]
    rules += _leaves(f'{released}.patch_embed.proj', f'{ours}.patch_embed.proj', _AFFINE)
    rules += _leaves(f'{released}.norm', f'{ours}.norm', _AFFINE)
    block, own = f'{released}.blocks.#', f'{ours}.blocks.#'
    for number, name in enumerate(('first', 'second', 'third', 'fourth'), start=1):
        stage = f'{own}.stage{number}'
        rules += _leaves(f'{block}.{name}_attn_norm0', f'{stage}.norm', _AFFINE)
        rules += _leaves(f'{block}.{name}_attn', f'{stage}.attn', _CROSS_ATTENTION)
        if number > 2:
            rules += _leaves(f'{block}.{name}_attn_norm1', f'{stage}.norm_context', _AFFINE)
    return rules + _ffn(f'{block}.norm2', f'{block}.mlp', f'{own}.ffn')


def _plain_block(block: str, own: str) -> list[Rule]:
    rules = _self_attention(f'{block}.norm1', f'{block}.attn', f'{own}.self_attn')
    return rules + _ffn(f'{block}.norm2', f'{block}.mlp', f'{own}.ffn')


def _decoder(released: str, ours: str) -> list[Rule]:
    """Block 0 is the plain block; block i > 0 is skip block i - 1, for which `#-1` stands."""
    rules = _leaves(f'{released}.norm', f'{ours}.norm', _AFFINE) + _leaves(f'{released}.head', f'{ours}.head', _AFFINE)
    for block, own in (('blocks.0', 'block'), ('blocks.#', 'skip_blocks.#-1.block')):
        rules += _plain_block(f'{released}.{block}', f'{ours}.{own}')
    block, own = f'{released}.blocks.#', f'{ours}.skip_blocks.#-1'
    return rules + _cross_attention(
        f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn'
    )


def _unit_stream(suffix: str, tag: str, self_norm: str, out_norm: str, modality: str) -> list[Rule]:
    """One modality of a DiER unit; the released names mark audio by several suffixes."""
    unit, own = 'encoder_fusion.blocks.#', f'correlation.units.#.{modality}'
    self_attn = 'attn' if modality == 'video' else 'attn_new'
    rules = _self_attention(f'{unit}.{self_norm}', f'{unit}.{self_attn}', f'{own}.self_block.self_attn')
    rules += _ffn(f'{unit}.norm_{tag}sa', f'{unit}.mlp_{tag}sa', f'{own}.self_block.ffn')
    norms = (f'{unit}.cross_norm1{suffix}', f'{unit}.cross_norm2{suffix}')
    rules += _cross_attention(*norms, f'{unit}.cross_attn{suffix}', f'{own}.cross_block.cross_attn')
    rules += _ffn(f'{unit}.norm_{tag}cma', f'{unit}.mlp_{tag}cma', f'{own}.cross_block.ffn')
    rules += _leaves(f'{unit}.l{tag}1', f'{own}.self_gate', _AFFINE)
    rules += _leaves(f'{unit}.l{tag}2', f'{own}.cross_gate', _AFFINE)
    return rules + _leaves(f'{unit}.{out_norm}', f'{own}.norm', _AFFINE)


def _refinement() -> list[Rule]:
    released, ours = 'encoder_fusion.Iterative_Refinement_Module', 'correlation.refinement'
    rules = _leaves(f'{released}.post_extract_proj', f'{ours}.reduce', _AFFINE)
    rules += _leaves(f'{released}.layer_norm', f'{ours}.norm', _AFFINE)
    for modality in ('video', 'audio'):
        conv, own = f'{released}.conv_{modality}', f'{ours}.{modality}_conv'
        rules += _leaves(f'{conv}.0', f'{own}.0', _AFFINE) + _leaves(f'{conv}.2', f'{own}.2', ('weight',))
        statistics = ('running_mean', 'running_var', 'num_batches_tracked')
        rules += _leaves(f'{conv}.1', f'{own}.1', _AFFINE + statistics)
    return rules


def _hafe() -> list[Rule]:
    fusion, ours = 'encoder_fusion', 'correlation.hafe'
    rules = []
    for tag, modality, norm in (('v', 'video', 'norm'), ('a', 'audio', 'norm_audio')):
        units = f'{ours}.{modality}_units'
        rules += _self_attention(f'{fusion}.{norm}', f'{fusion}.{tag}adaptiveinteraction', f'{units}.block.self_attn')
        rules += _ffn(f'{fusion}.norm_att_{tag}', f'{fusion}.mlp_att_{tag}', f'{units}.block.ffn')
        rules += _leaves(f'{fusion}.{tag}selectfusion', f'{units}.gate', _AFFINE)
        rules += _ffn(f'{fusion}.norm_att_{tag}_IR', f'{fusion}.mlp_att_{modality}_IR', f'{ours}.{modality}_ffn')
    rules += _leaves(f'{fusion}.cross_norm_1', f'{ours}.video_norm', _AFFINE)
    rules += _leaves(f'{fusion}.cross_norm_3', f'{ours}.audio_norm', _AFFINE)
    rules += _leaves(f'{fusion}.cross_norm_2', f'{ours}.norm_context', _AFFINE)
    return rules + _leaves(f'{fusion}.cross_attn', f'{ours}.cross_attn', _CROSS_ATTENTION)


def _all_rules() -> list[Rule]:
    rules = _refinement() + _hafe()
    rules += _unit_stream('', 'v', 'norm1', 'norm3', 'video') + _unit_stream('_a', 'a', 'norm_new', 'norm3_1', 'audio')
    for suffix, modality in (('', 'video'), ('_audio', 'audio')):
        rules += _encoder(f'encoder{suffix}', f'encoders.{modality}')
        rules += _plain_block(f'encoder{suffix}.blocks.#', f'encoders.{modality}.blocks.#')
        rules += _decoder(f'decoder{suffix}', f'decoders.{modality}')
        rules.append((f'encoder_to_decoder{suffix}.weight', f'to_decoder.{modality}.weight'))
        rules.append((f'mask_token{suffix}', f'decoders.{modality}.mask_token'))
        rules.append((f'layer_weights_{modality}', f'layer_weights.{modality}'))
    return rules + _leaves('fc_norm', 'head.norm', _AFFINE) + _leaves('head', 'head.fc', _AFFINE)


_RULES = _all_rules()


def _number(name: str, shift: int) -> tuple[str, int | None]:
    """Replace a block number by '#' (or '#-1' for `shift` 1, with the number that '#' then stands for)."""
    match = re.search(r'\.(blocks|units|skip_blocks)\.(\d+)', name)
    if match is None:
        return name, None
    mark = '#-1' if shift else '#'
    return name[: match.start(2)] + mark + name[match.end(2) :], int(match[2]) + shift


def released_to_mmavf(name: str) -> str:
    """Return this package's name of a released parameter.

    Raises:
        KeyError: The released models have no such name.
    """
    exact = _TO_OURS.get(name)
    if exact is not None:
        return exact
    pattern, number = _number(name, shift=0)
    ours = _TO_OURS[pattern]
    return ours.replace('#-1', str(number - 1)).replace('#', str(number)) if number is not None else ours


def mmavf_to_released(name: str) -> str:
    """Return the released name of this package's parameter.

    Raises:
        KeyError: The released models have no such parameter.
    """
    pattern, number = _number(name, shift=int('skip_blocks' in name))
    return _TO_RELEASED[pattern].replace('#', str(number))


_TO_OURS = dict(_RULES)
_TO_RELEASED = {ours: released for released, ours in _RULES}


def convert_state_dict(state: Mapping[str, Tensor], to_released: bool = False) -> dict[str, Tensor]:
    """Rename a state dict of any stage; tensors are passed on as they are.

    Args:
        state: Tensors by released names, or by this package's names with `to_released`.
        to_released: Direction.

    Raises:
        CheckpointError: Names that the other side does not have; all are listed.
    """
    rename = mmavf_to_released if to_released else released_to_mmavf
    converted, unknown = {}, []
    for name, tensor in state.items():
        try:
            converted[rename(name)] = tensor
        except KeyError:
            unknown.append(name)
    if unknown:
        shown = ', '.join(unknown[:10]) + (f' and {len(unknown) - 10} more' if len(unknown) > 10 else '')
        raise CheckpointError(
            f'{len(unknown)} of {len(state)} names are not those of a released AVF-MAE++ model: {shown}. A model with '
            'parts that the release lacks, such as own_norms=True of the refinement, has no released form.'
        )
    return converted
