"""The cases of AVF-MAE++."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mmavf.engine.config_file import configs_folder
from mmavf.models.pretrainers import AVFMAEPretrainer
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.registry import MODELS

from .cases import register_case
from .finetune import FinetuneCase
from .parts import (
    audio_geometry,
    check_fixed,
    correlation,
    decoder,
    local_global_encoder,
    mask_ratio,
    recognizer,
    video_geometry,
    video_target,
)
from .pretrain import PretrainCase
from .runs import Calls, Variant, common_layout
from .tables import LayerDecayCase, TransferCase

REFINEMENT = 'encoder_fusion.Iterative_Refinement_Module'
# gradient zero up to noise under batch statistics: the norm behind removes a constant
NOISE_IN_TRAINING = (r'conv_(audio|video)\.0\.bias$',)
# batch statistics over a few nearly equal tokens amplify rounding: in training the reference's own refined tokens, in
# float32, are 4e-4 away from the same computation in float64
REFINED_IN_TRAINING = {r'Iterative_Refinement_Module': 1e-3, r'encoder_fusion\[2\]$': 1e-3}
_SUFFIXES = {'': 'video', '_audio': 'audio'}


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor]) -> AVFMAEPretrainer:
    """Build the pre-training model of a case, on the CPU.

    Args:
        args: The manifest's constructor arguments, by the released program's names.
        masks: The case's masks; the model's own masker gets the same counts.

    Raises:
        ConfigError: An argument asks for a variant that this package does not have.
    """
    check_fixed(args, attn_type='local_global')
    out_indices = tuple(args['return_intermediate_features'])
    parts = {}
    for suffix, modality in _SUFFIXES.items():
        parts[f'{modality}_encoder'] = local_global_encoder(args, 'encoder_', suffix, out_indices=out_indices)
        parts[f'{modality}_decoder'] = decoder(args, suffix, num_skips=args[f'decoder_depth{suffix}'] - 1)
    return MODELS.build(
        dict(
            type='AVFMAEPretrainer',
            masker=_masker(args, masks),
            correlation=correlation(args, 'encoder_', 'IAVCLHead'),
            video_target=video_target(),
            audio_target=dict(type='PatchTarget'),
            contrastive_loss=dict(type='HCMCLLoss', temperature=args['inter_contrastive_temperature']),
            **parts,
        )
    )


def build_recognizer(args: Mapping) -> AVFMAERecognizer:
    """Build the classifier of a case, on the CPU; arguments and errors as above."""
    check_fixed(args, attn_type='local_global')
    return recognizer(
        args,
        token_type=args['lg_classify_token_type'],
        video_encoder=local_global_encoder(args, ''),
        audio_encoder=local_global_encoder(args, '', '_audio'),
        correlation=correlation(args, '', 'IAVCLHead'),
    )


def _masker(args: Mapping, masks: Mapping[str, Tensor]) -> dict:
    sizes = dict(video=video_geometry(args), audio=audio_geometry(args))
    masker: dict[str, Any] = dict(type='AVDualMasker')
    for m, size in sizes.items():
        masker[f'{m}_grid'] = [i // p for i, p in zip(size['input_size'], size['patch_size'], strict=True)]
        for part, name in (('encoder', f'mask_{m}'), ('decoder', f'decode_mask_{m}')):
            masker[f'{m}_{part}_mask'] = dict(type='RandomMask', mask_ratio=mask_ratio(masks, name))
    return masker


def _fusion_modules(model: Any) -> dict[str, str]:
    names = {REFINEMENT: 'correlation.refinement', 'encoder_fusion': 'correlation'}
    return names | {f'encoder_fusion.blocks.{i}': f'correlation.units.{i}' for i in range(len(model.correlation.units))}


def _pretrain_modules(model: AVFMAEPretrainer) -> dict[str, str]:
    names = _fusion_modules(model)
    for suffix, modality in _SUFFIXES.items():
        names[f'encoder{suffix}'] = f'encoders.{modality}'
        names[f'encoder{suffix}.blocks.0'] = f'encoders.{modality}.blocks.0'
        names[f'encoder_to_decoder{suffix}'] = f'to_decoder.{modality}'
    return names


def _pretrain_layout(name: str, calls: Calls) -> list:
    if name != 'encoder_fusion':
        return common_layout(name, calls)
    units = [calls[key] for key in sorted(calls) if key.startswith('encoder_fusion.blocks.')]
    return [[*calls[name][0], [unit[0][0] for unit in units], [unit[0][1] for unit in units]]]


def _finetune_modules(model: AVFMAERecognizer) -> dict[str, str]:
    return {'encoder': 'encoders.video', 'encoder_audio': 'encoders.audio'} | _fusion_modules(model)


def _finetune_layout(name: str, calls: Calls) -> object:
    if name.endswith('(B,N,L,C)'):
        return calls[name.removesuffix('(B,N,L,C)')][0].regions
    if name == 'encoder_fusion':
        return [*calls[name][0], calls[REFINEMENT][-1]]
    return calls[name]


register_case(
    'avf_pretrain',
    PretrainCase(
        build_pretrainer,
        _pretrain_modules,
        _pretrain_layout,
        (
            Variant(targets=''),
            Variant('train6', training=True, six=True, gradient_tolerance=5e-4, noise=NOISE_IN_TRAINING),
        ),
    ),
)
register_case(
    'avf_finetune',
    FinetuneCase(
        build_recognizer,
        _finetune_modules,
        _finetune_layout,
        (
            Variant(),
            Variant(
                'train',
                training=True,
                gradient_tolerance=5e-4,
                noise=NOISE_IN_TRAINING,
                looser=REFINED_IN_TRAINING,
            ),
        ),
    ),
)
for _size in 'BLH':
    register_case(
        f'layer_decay_avfmaepp_{_size}_finetune',
        LayerDecayCase(configs_folder() / f'avfmae_{_size.lower()}_finetune.py'),
    )
register_case(
    'pretrain_to_finetune_avfmaepp_B',
    TransferCase(configs_folder() / 'avfmae_b_pretrain.py', configs_folder() / 'avfmae_b_finetune.py'),
)
