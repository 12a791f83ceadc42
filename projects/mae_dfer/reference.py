"""The reference cases of MAE-DFER."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.testing.reference import FinetuneCase, LayerDecayCase, PretrainCase, Variant, register_case
from mmavf.testing.reference.parts import check_fixed, local_global_encoder, recognizer, video_pretrainer


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor]) -> MaskedAutoencoder:
    """Build the pre-training model of a manifest's constructor arguments."""
    check_fixed(args, attn_type='local_global')
    return video_pretrainer(args, masks, local_global_encoder(args, 'encoder_', stage_iv=False))


def build_recognizer(args: Mapping, token_type: str = 'region') -> AVFMAERecognizer:
    """Build the classifier of a manifest's constructor arguments, which pools tokens of this type."""
    check_fixed(args, attn_type='local_global')
    encoder = local_global_encoder(args, '', stage_iv=False, final_norm=False)
    return recognizer(args, video_encoder=encoder, token_type=token_type)


def _modules(model: nn.Module) -> dict[str, str]:
    return {
        'encoder.blocks.0': 'encoders.video.blocks.0',
        'encoder': 'encoders.video',
        'encoder_to_decoder': 'to_decoder.video',
    }


register_case('maedfer_pretrain', PretrainCase(build_pretrainer, _modules))
register_case(
    'maedfer_finetune',
    FinetuneCase(
        build_recognizer,
        lambda model: {},
        variants=(
            Variant('eval', dict(token_type='region')),
            Variant('eval_org', dict(token_type='local')),
            Variant('eval_all', dict(token_type='all')),
        ),
    ),
)
register_case('layer_decay_maedfer_finetune', LayerDecayCase(Path(__file__).parent / 'configs/mae_dfer_b_finetune.py'))
