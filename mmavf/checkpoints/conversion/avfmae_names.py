"""Parameter names of the released AVF-MAE++ models and of this package.

Plain encoders are in the table too, for models that have them in place of the local-global ones.
"""

from .name_table import NameTable, Rule
from .rules import (
    AFFINE,
    CROSS_ATTENTION,
    cross_attention,
    ffn,
    head,
    leaves,
    lgi_encoder,
    plain_block,
    self_attention,
    skip_decoder,
)


def _unit_stream(suffix: str, tag: str, self_norm: str, out_norm: str, modality: str) -> list[Rule]:
    """One modality of a DiER unit; the released names mark audio by several suffixes."""
    unit, own = 'encoder_fusion.blocks.#', f'correlation.units.#.{modality}'
    self_attn = 'attn' if modality == 'video' else 'attn_new'
    rules = self_attention(f'{unit}.{self_norm}', f'{unit}.{self_attn}', f'{own}.self_block.self_attn')
    rules += ffn(f'{unit}.norm_{tag}sa', f'{unit}.mlp_{tag}sa', f'{own}.self_block.ffn')
    norms = (f'{unit}.cross_norm1{suffix}', f'{unit}.cross_norm2{suffix}')
    rules += cross_attention(*norms, f'{unit}.cross_attn{suffix}', f'{own}.cross_block.cross_attn')
    rules += ffn(f'{unit}.norm_{tag}cma', f'{unit}.mlp_{tag}cma', f'{own}.cross_block.ffn')
    rules += leaves(f'{unit}.l{tag}1', f'{own}.self_gate', AFFINE)
    rules += leaves(f'{unit}.l{tag}2', f'{own}.cross_gate', AFFINE)
    return rules + leaves(f'{unit}.{out_norm}', f'{own}.norm', AFFINE)


def _refinement() -> list[Rule]:
    released, ours = 'encoder_fusion.Iterative_Refinement_Module', 'correlation.refinement'
    rules = leaves(f'{released}.post_extract_proj', f'{ours}.reduce', AFFINE)
    rules += leaves(f'{released}.layer_norm', f'{ours}.norm', AFFINE)
    for modality in ('video', 'audio'):
        conv, own = f'{released}.conv_{modality}', f'{ours}.{modality}_conv'
        rules += leaves(f'{conv}.0', f'{own}.0', AFFINE) + leaves(f'{conv}.2', f'{own}.2', ('weight',))
        statistics = ('running_mean', 'running_var', 'num_batches_tracked')
        rules += leaves(f'{conv}.1', f'{own}.1', AFFINE + statistics)
    return rules


def _hafe() -> list[Rule]:
    fusion, ours = 'encoder_fusion', 'correlation.hafe'
    rules = []
    for tag, modality, norm in (('v', 'video', 'norm'), ('a', 'audio', 'norm_audio')):
        units = f'{ours}.{modality}_units'
        rules += self_attention(f'{fusion}.{norm}', f'{fusion}.{tag}adaptiveinteraction', f'{units}.block.self_attn')
        rules += ffn(f'{fusion}.norm_att_{tag}', f'{fusion}.mlp_att_{tag}', f'{units}.block.ffn')
        rules += leaves(f'{fusion}.{tag}selectfusion', f'{units}.gate', AFFINE)
        rules += ffn(f'{fusion}.norm_att_{tag}_IR', f'{fusion}.mlp_att_{modality}_IR', f'{ours}.{modality}_ffn')
    rules += leaves(f'{fusion}.cross_norm_1', f'{ours}.video_norm', AFFINE)
    rules += leaves(f'{fusion}.cross_norm_3', f'{ours}.audio_norm', AFFINE)
    rules += leaves(f'{fusion}.cross_norm_2', f'{ours}.norm_context', AFFINE)
    return rules + leaves(f'{fusion}.cross_attn', f'{ours}.cross_attn', CROSS_ATTENTION)


def _all_rules() -> list[Rule]:
    rules = _refinement() + _hafe()
    rules += _unit_stream('', 'v', 'norm1', 'norm3', 'video') + _unit_stream('_a', 'a', 'norm_new', 'norm3_1', 'audio')
    for suffix, modality in (('', 'video'), ('_audio', 'audio')):
        rules += lgi_encoder(f'encoder{suffix}', f'encoders.{modality}')
        rules += plain_block(f'encoder{suffix}.blocks.#', f'encoders.{modality}.blocks.#')
        rules += skip_decoder(f'decoder{suffix}', f'decoders.{modality}')
        rules.append((f'encoder_to_decoder{suffix}.weight', f'to_decoder.{modality}.weight'))
        rules.append((f'mask_token{suffix}', f'decoders.{modality}.mask_token'))
        rules.append((f'layer_weights_{modality}', f'layer_weights.{modality}'))
    return rules + head()


AVFMAE = NameTable(_all_rules())
