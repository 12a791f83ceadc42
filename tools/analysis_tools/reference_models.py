"""Building the models that the manifest of a reference folder describes."""

from collections.abc import Mapping

from torch import Tensor

from mmavf.errors import ConfigError
from mmavf.models.data_preprocessors import IMAGENET_MEAN, IMAGENET_STD
from mmavf.models.pretrainers import AVFMAEPretrainer
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.registry import MODELS

TARGET_MODES = {
    'framediff': dict(normalize=True, frame_difference=True),
    'norm': dict(normalize=True, frame_difference=False),
    'raw': dict(normalize=False, frame_difference=False),
    'raw_framediff': dict(normalize=False, frame_difference=True),
}
# arguments of the released constructor that can have only one value here
_FIXED = dict(attn_type='local_global', lg_first_attn_type='self', lg_third_attn_type='cross', qkv_bias=True)
_FIXED |= dict.fromkeys(('lg_attn_param_sharing_first_third', 'lg_attn_param_sharing_all'), False)
_FIXED |= dict.fromkeys(('lg_no_second', 'lg_no_third', 'use_learnable_pos_emb', 'init_values'), False)
_FIXED |= dict.fromkeys(('drop_rate', 'attn_drop_rate', 'drop_path_rate'), 0.0)
_FIXED |= dict(use_mean_pooling=True, keep_temporal_dim=False)


def build_pretrainer(args: Mapping, masks: Mapping[str, Tensor]) -> AVFMAEPretrainer:
    """Build the model of a case, on the CPU.

    Args:
        args: The manifest's constructor arguments, by the released program's names.
        masks: The case's masks; the model's own masker gets the same counts.

    Raises:
        ConfigError: An argument asks for a variant that this package does not have.
    """
    _check_fixed(args)
    video, audio = _video_geometry(args), _audio_geometry(args)
    return MODELS.build(
        dict(
            type='AVFMAEPretrainer',
            masker=_masker(video, audio, masks),
            video_encoder=_encoder(args, 'encoder_', '', video),
            audio_encoder=_encoder(args, 'encoder_', '_audio', audio),
            correlation=_correlation(args, 'encoder_'),
            video_decoder=_decoder(args, '', video),
            audio_decoder=_decoder(args, '_audio', audio),
            video_target=_video_target(video['patch_size'], 'framediff'),
            audio_target=dict(type='PatchTarget', patch_size=audio['patch_size']),
            contrastive_loss=dict(type='HCMCLLoss', temperature=args['inter_contrastive_temperature']),
        )
    )


def build_recognizer(args: Mapping, video_only: bool = False) -> AVFMAERecognizer:
    """Build the classifier of a case, on the CPU.

    Args:
        args: The manifest's constructor arguments, by the released program's names.
        video_only: Build MAE-DFER's: one encoder without stage IV and final norm, no correlation module.

    Raises:
        ConfigError: An argument asks for a variant that this package does not have.
    """
    _check_fixed(args)
    parts = dict(video_encoder=_encoder(args, '', '', _video_geometry(args)))
    if video_only:
        parts['video_encoder'].update(stage_iv=False, final_norm=False)
    else:
        parts['audio_encoder'] = _encoder(args, '', '_audio', _audio_geometry(args))
        parts['correlation'] = _correlation(args, '')
    head = dict(type='ClassificationHead', num_classes=args['num_classes'])
    return MODELS.build(dict(type='AVFMAERecognizer', head=head, token_type=args['lg_classify_token_type'], **parts))


def _check_fixed(args: Mapping) -> None:
    for name, value in _FIXED.items():
        if name in args and args[name] != value:
            raise ConfigError(f'constructor argument {name}={args[name]!r} has no counterpart here, only {value!r}')


def _video_geometry(args: Mapping) -> dict:
    side, patch = args['img_size'], args['patch_size']
    return dict(input_size=(args.get('all_frames', 16), side, side), patch_size=(args['tubelet_size'], patch, patch))


def _audio_geometry(args: Mapping) -> dict:
    return dict(input_size=tuple(args['img_size_audio']), patch_size=(args['patch_size_audio'],) * 2)


def _correlation(args: Mapping, prefix: str) -> dict:
    return dict(
        type='IAVCLHead',
        embed_dims=args[f'{prefix}embed_dim'],
        num_heads=args[f'{prefix}fusion_num_heads'],
        num_units=args[f'{prefix}fusion_depth'],
        mlp_ratio=args['mlp_ratio'],
    )


def _masker(video: dict, audio: dict, masks: Mapping[str, Tensor]) -> dict:
    grids = [[i // p for i, p in zip(g['input_size'], g['patch_size'], strict=True)] for g in (video, audio)]
    names = dict(
        video_encoder_mask='mask_video',
        video_decoder_mask='decode_mask_video',
        audio_encoder_mask='mask_audio',
        audio_decoder_mask='decode_mask_audio',
    )
    ratios = {part: masks[name][0].sum().item() / masks[name].shape[1] for part, name in names.items()}
    counts = {part: dict(type='RandomMask', mask_ratio=ratio) for part, ratio in ratios.items()}
    return dict(type='AVDualMasker', video_grid=grids[0], audio_grid=grids[1], **counts)


def _encoder(args: Mapping, prefix: str, suffix: str, geometry: dict) -> dict:
    return dict(
        type='ImprovedLGIEncoder',
        in_channels=args[f'{prefix}in_chans{suffix}'],
        embed_dims=args[f'{prefix}embed_dim{suffix}'],
        num_heads=args[f'{prefix}num_heads{suffix}'],
        depth=args[f'{prefix}depth{suffix}'],
        region_size=tuple(args[f'lg_region_size{suffix}']),
        mlp_ratio=args['mlp_ratio'],
        out_indices=tuple(args.get('return_intermediate_features', ())),
        **geometry,
    )


def _decoder(args: Mapping, suffix: str, geometry: dict) -> dict:
    return dict(
        type='MaskedDecoder',
        out_channels=args[f'decoder_num_classes{suffix}'],
        embed_dims=args[f'decoder_embed_dim{suffix}'],
        num_heads=args[f'decoder_num_heads{suffix}'],
        num_skips=args[f'decoder_depth{suffix}'] - 1,
        mlp_ratio=args['mlp_ratio'],
        **geometry,
    )


def _video_target(patch_size: tuple[int, ...], mode: str) -> dict:
    return dict(type='PatchTarget', patch_size=patch_size, mean=IMAGENET_MEAN, std=IMAGENET_STD, **TARGET_MODES[mode])


def set_target_mode(model: AVFMAEPretrainer, mode: str) -> None:
    """Switch the model's targets to one of `TARGET_MODES`; raw modes do not normalise audio either."""
    model.targets['video'] = MODELS.build(_video_target(model.targets['video'].patch_size, mode))
    audio = dict(type='PatchTarget', patch_size=model.targets['audio'].patch_size)
    model.targets['audio'] = MODELS.build(dict(**audio, normalize=TARGET_MODES[mode]['normalize']))
