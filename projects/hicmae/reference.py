"""The reference cases of HiCMAE."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.registry import MODELS
from mmavf.testing.reference import (
    FinetuneCase,
    LayerDecayCase,
    PretrainCase,
    TransferCase,
    common_layout,
    register_case,
)
from mmavf.testing.reference.parts import (
    check_fixed,
    complement_masker,
    correlation,
    decoder,
    encoder,
    recognizer,
    video_target,
)

_CONFIGS = Path(__file__).parent / 'configs'
_SUFFIXES = dict(video='', audio='_audio')
_STACKED_VIDEO_STEP = 16  # of the stacked layers the reference holds every 16th video token


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor]) -> MaskedAutoencoder:
    """Build the pre-training model of a manifest's constructor arguments."""
    layers = tuple(args['return_intermediate_features'])
    return MODELS.build(
        dict(
            type='MaskedAutoencoder',
            masker=complement_masker(masks, tuple(_SUFFIXES)),
            encoders={m: encoder(args, 'encoder_', suffix, out_indices=layers) for m, suffix in _SUFFIXES.items()},
            decoders={
                m: decoder(args, suffix, num_skips=args[f'decoder_depth{suffix}'] - 1)
                for m, suffix in _SUFFIXES.items()
            },
            correlation=correlation(args, 'encoder_', 'CrossFusion'),
            contrastive_loss=dict(type='HCMCLLoss', temperature=args['inter_contrastive_temperature']),
            targets=dict(video=video_target(), audio=dict(type='PatchTarget')),
        )
    )


def build_recognizer(args: Mapping) -> AVFMAERecognizer:
    """Build the classifier of a manifest's constructor arguments."""
    check_fixed(args, attn_type='joint')
    encoders = {
        f'{m}_encoder': encoder(args, '', suffix, out_indices=range(args[f'depth{suffix}']))
        for m, suffix in _SUFFIXES.items()
    }
    return recognizer(
        args,
        token_type='local',
        features=('layers', 'correlated'),
        correlation=correlation(args, '', 'CrossFusion'),
        **encoders,
    )


def _finetune_modules(model: nn.Module) -> dict[str, str]:
    names = {f'encoder{suffix}': f'encoders.{m}' for m, suffix in _SUFFIXES.items()}
    units = range(len(model.correlation.units))
    names |= {f'encoder_fusion.blocks.{i}': f'correlation.units.{i}.video' for i in units}
    return names | {'encoder_fusion': 'correlation'}


def _pretrain_modules(model: nn.Module) -> dict[str, str]:
    names = _finetune_modules(model)
    for m, suffix in _SUFFIXES.items():
        names[f'encoder{suffix}.blocks.0'] = f'encoders.{m}.blocks.0'
        names[f'encoder_to_decoder{suffix}'] = f'to_decoder.{m}'
    return names


def _layout(name: str, calls: dict[str, list]) -> object:
    if name.endswith('(B,N,L,C)'):
        module = name.removesuffix('(B,N,L,C)')
        layers = torch.stack(calls[module][0].hidden, dim=2)
        return layers if module == 'encoder_audio' else layers[:, ::_STACKED_VIDEO_STEP]
    return common_layout(name, calls)


register_case('hicmae_pretrain', PretrainCase(build_pretrainer, _pretrain_modules, _layout))
register_case('hicmae_finetune', FinetuneCase(build_recognizer, _finetune_modules, _layout))
register_case('layer_decay_hicmae_B_finetune', LayerDecayCase(_CONFIGS / 'hicmae_b_finetune.py'))
register_case(
    'pretrain_to_finetune_hicmae_B',
    TransferCase(_CONFIGS / 'hicmae_b_pretrain.py', _CONFIGS / 'hicmae_b_finetune.py'),
)
