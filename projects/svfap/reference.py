"""The reference cases of SVFAP."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.testing.reference import (
    FinetuneCase,
    LayerDecayCase,
    PretrainCase,
    TransferCase,
    Variant,
    common_layout,
    register_case,
)
from mmavf.testing.reference.parts import encoder, recognizer, video_pretrainer

from .encoder import SVFAPEncoder

_CONFIGS = Path(__file__).parent / 'configs'
_STAGES = _CONFIGS / 'svfap_b_pretrain.py', _CONFIGS / 'svfap_b_finetune.py'
# gradient zero up to noise: the softmax behind takes out a constant
_NOISE = (r'spatial_downsamples\.\d+\.mlp\.fc2\.bias$',)


def _encoder(args: Mapping, prefix: str, **more: object) -> dict:
    (bottleneck,) = set(args['num_bottleneck_tokens'])
    return encoder(args, prefix, type=SVFAPEncoder, depths=args['stage_depths'], num_bottleneck=bottleneck, **more)


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor], **released: bool) -> MaskedAutoencoder:
    """Build the pre-training model of a manifest's constructor arguments, with the encoder's `released_...` options."""
    return video_pretrainer(args, masks, _encoder(args, 'encoder_', **released))


def build_recognizer(args: Mapping) -> AVFMAERecognizer:
    """Build the classifier of a manifest's constructor arguments."""
    return recognizer(args, video_encoder=_encoder(args, '', final_norm=False), token_type='local')


def _finetune_modules(model: nn.Module) -> dict[str, str]:
    ours = 'encoders.video'
    names = {f'blocks.{i}': f'{ours}.blocks.{i}' for i in range(len(model.encoders.video.blocks))}
    names |= {f'temporal_downsamples.{i}': f'{ours}.temporal.{i}' for i in range(2)}
    return names | {f'spatial_downsamples.{i}': f'{ours}.spatial.{i}' for i in range(2)}


def _pretrain_modules(model: nn.Module) -> dict[str, str]:
    parts = {f'encoder.{released}': ours for released, ours in _finetune_modules(model).items()}
    return parts | {
        'encoder': 'encoders.video',
        'encoder_to_decoder': 'to_decoder.video',
        'decoder.blocks.0': 'decoders.video.block',
    }


def _layout(name: str, calls: dict[str, list]) -> list:
    if 'temporal_downsamples' in name:  # (B, T, S, C) -> (B * S, C, T)
        return [x.permute(0, 2, 3, 1).flatten(0, 1) for x in calls[name]]
    if 'spatial_downsamples' in name:  # (B, T, G, C) -> (B, T * G, C)
        return [x.flatten(1, 2) for x in calls[name]]
    return common_layout(name, calls)


register_case(
    'svfap_pretrain',
    PretrainCase(
        build_pretrainer,
        _pretrain_modules,
        _layout,
        (
            Variant('eval', dict(released_context=True, released_upsampling=True), targets='', noise=_NOISE),
            Variant('eval_ctx', dict(released_upsampling=True), noise=_NOISE),
            Variant('eval_up', dict(released_context=True), noise=_NOISE),
            Variant('eval_paper', noise=_NOISE),
        ),
    ),
)
register_case('svfap_finetune', FinetuneCase(build_recognizer, _finetune_modules, _layout, (Variant(noise=_NOISE),)))
register_case('layer_decay_svfap_B_finetune', LayerDecayCase(_STAGES[1]))
register_case('pretrain_to_finetune_svfap_B512', TransferCase(*_STAGES))
# the released program builds pre-trained models of another width than fine-tuned ones
_REGISTERED = {'model.encoders.video.embed_dims': 768, 'model.encoders.video.num_heads': 12}
register_case('pretrain_to_finetune_svfap_registered768_to_512', TransferCase(*_STAGES, _REGISTERED))
