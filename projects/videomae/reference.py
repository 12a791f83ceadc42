"""The reference cases of VideoMAE V2."""

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
    register_case,
)
from mmavf.testing.reference.parts import encoder, recognizer, video_pretrainer


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor]) -> MaskedAutoencoder:
    """Build the pre-training model of a manifest's constructor arguments."""
    return video_pretrainer(args, masks, encoder(args, 'encoder_'))


def build_recognizer(args: Mapping) -> AVFMAERecognizer:
    """Build the classifier of a manifest's constructor arguments."""
    return recognizer(args, video_encoder=encoder(args, '', final_norm=False), token_type='local')


def _finetune_modules(model: nn.Module) -> dict[str, str]:
    return {f'blocks.{i}': f'encoders.video.blocks.{i}' for i in range(len(model.encoders.video.blocks))}


def _pretrain_modules(model: nn.Module) -> dict[str, str]:
    blocks = {f'encoder.{released}': ours for released, ours in _finetune_modules(model).items()}
    return blocks | {
        'encoder': 'encoders.video',
        'encoder_to_decoder': 'to_decoder.video',
        'decoder.blocks.0': 'decoders.video.block',
    }


_PRETRAIN = PretrainCase(
    build_pretrainer,
    _pretrain_modules,
    variants=(Variant(targets=''), Variant('eval_nodecmask', complement=True, targets='_nodecmask')),
)
register_case('videomaev2_pretrain', _PRETRAIN)
register_case('videomaev2_pretrain_224', _PRETRAIN)
register_case('videomaev2_pretrain_p14', _PRETRAIN)
register_case('videomaev2_finetune', FinetuneCase(build_recognizer, _finetune_modules))

_CONFIGS = Path(__file__).parent / 'configs'
_STAGES = _CONFIGS / 'videomae_v2_b_pretrain.py', _CONFIGS / 'videomae_v2_b_finetune.py'
register_case('layer_decay_videomaev2_B_finetune', LayerDecayCase(_STAGES[1]))
register_case('pretrain_to_finetune_videomaev2_B', TransferCase(*_STAGES))
