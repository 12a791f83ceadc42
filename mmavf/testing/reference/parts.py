"""Configs of the parts of the models that the manifest of a reference folder describes.

Constructor arguments have the released programs' names: those of an audio part end in `_audio`, those of a pre-training
encoder begin with `encoder_`.
"""

from collections.abc import Mapping

from torch import Tensor

from mmavf.errors import ConfigError
from mmavf.models.data_preprocessors import IMAGENET_MEAN, IMAGENET_STD
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.registry import MODELS

TARGET_MODES = {
    'framediff': dict(normalize=True, frame_difference=True),
    'norm': dict(normalize=True, frame_difference=False),
    'raw': dict(normalize=False, frame_difference=False),
    'raw_framediff': dict(normalize=False, frame_difference=True),
}
# arguments of the released constructors that can have only one value here
_FIXED = dict(lg_first_attn_type='self', lg_third_attn_type='cross', qkv_bias=True, temporal_kernel_size=2)
_FIXED |= dict.fromkeys(('lg_attn_param_sharing_first_third', 'lg_attn_param_sharing_all'), False)
_FIXED |= dict.fromkeys(('lg_no_second', 'lg_no_third', 'use_learnable_pos_emb', 'init_values', 'cos_attn'), False)
_FIXED |= dict.fromkeys(('drop_rate', 'attn_drop_rate', 'drop_path_rate', 'head_drop_rate'), 0.0)
_FIXED |= dict(use_mean_pooling=True, keep_temporal_dim=False)


def check_fixed(args: Mapping, **more: object) -> None:
    """Find constructor arguments that ask for what this package does not have.

    Args:
        args: The manifest's constructor arguments.
        more: The only values that arguments of one method can have, besides those of all methods.

    Raises:
        ConfigError: There is one.
    """
    for name, value in (_FIXED | more).items():
        if name in args and args[name] != value:
            raise ConfigError(f'constructor argument {name}={args[name]!r} has no counterpart here, only {value!r}')


def video_geometry(args: Mapping) -> dict:
    """Return the sizes of clip and patch of the video."""
    side, patch = args['img_size'], args['patch_size']
    return dict(input_size=(args.get('all_frames', 16), side, side), patch_size=(args['tubelet_size'], patch, patch))


def audio_geometry(args: Mapping) -> dict:
    """Return the sizes of spectrogram and patch of the audio."""
    return dict(input_size=tuple(args['img_size_audio']), patch_size=(args['patch_size_audio'],) * 2)


def encoder(args: Mapping, prefix: str, suffix: str = '', **more: object) -> dict:
    """Return the config of an encoder.

    Args:
        args: Constructor arguments.
        prefix: 'encoder_' in pre-training, '' in fine-tuning.
        suffix: '_audio' for the audio encoder.
        more: Further keys of the config, and others instead of those that all encoders have.
    """
    cfg = dict(
        type='ViTEncoder',
        in_channels=args[f'{prefix}in_chans{suffix}'],
        embed_dims=args[f'{prefix}embed_dim{suffix}'],
        num_heads=args[f'{prefix}num_heads{suffix}'],
        mlp_ratio=args['mlp_ratio'],
        **(audio_geometry(args) if suffix else video_geometry(args)),
    )
    if f'{prefix}depth{suffix}' in args:
        cfg['depth'] = args[f'{prefix}depth{suffix}']
    return cfg | more


def local_global_encoder(args: Mapping, prefix: str, suffix: str = '', **more: object) -> dict:
    """Return the config of a local-global encoder, of which AVF-MAE++ has two and MAE-DFER one; arguments as above."""
    region_size = tuple(args[f'lg_region_size{suffix}'])
    return encoder(args, prefix, suffix, **(dict(type='ImprovedLGIEncoder', region_size=region_size) | more))


def decoder(args: Mapping, suffix: str = '', **more: object) -> dict:
    """Return the config of a decoder; arguments as of `encoder`."""
    cfg = dict(
        type='MaskedDecoder',
        out_channels=args[f'decoder_num_classes{suffix}'],
        embed_dims=args[f'decoder_embed_dim{suffix}'],
        num_heads=args[f'decoder_num_heads{suffix}'],
        mlp_ratio=args['mlp_ratio'],
    )
    return cfg | more


def correlation(args: Mapping, prefix: str, kind: str) -> dict:
    """Return the config of a correlation module of type `kind`; other arguments as of `encoder`."""
    return dict(
        type=kind,
        embed_dims=args[f'{prefix}embed_dim'],
        num_heads=args[f'{prefix}fusion_num_heads'],
        num_units=args[f'{prefix}fusion_depth'],
        mlp_ratio=args['mlp_ratio'],
    )


def mask_ratio(masks: Mapping[str, Tensor], name: str) -> float:
    """Return the share of tokens that a stored mask hides."""
    return masks[name][0].sum().item() / masks[name].shape[1]


def complement_masker(masks: Mapping[str, Tensor], modalities: tuple[str, ...]) -> dict:
    """Return the config of a masker without decoder masks, with the counts of the stored masks."""
    kinds = dict(video='TubeMask', audio='RandomMask')
    masks_of = {m: dict(type=kinds[m], mask_ratio=mask_ratio(masks, f'mask_{m}')) for m in modalities}
    return dict(type='DualMasker', encoder=masks_of, decoder=None)


def video_pretrainer(args: Mapping, masks: Mapping[str, Tensor], video_encoder: dict) -> MaskedAutoencoder:
    """Build the model of a method for video alone: this encoder, plain blocks as decoder."""
    return MODELS.build(
        dict(
            type='MaskedAutoencoder',
            masker=complement_masker(masks, ('video',)),
            encoders=dict(video=video_encoder),
            decoders=dict(video=decoder(args, depth=args['decoder_depth'])),
            targets=dict(video=video_target()),
        )
    )


def recognizer(args: Mapping, **parts: object) -> AVFMAERecognizer:
    """Build a classifier with the manifest's number of classes and these further keys."""
    head = dict(type='ClassificationHead', num_classes=args['num_classes'])
    return MODELS.build(dict(type='AVFMAERecognizer', head=head, **parts))


def video_target(mode: str = 'framediff', **more: object) -> dict:
    """Return the config of the video target in one of `TARGET_MODES`."""
    return dict(type='PatchTarget', mean=IMAGENET_MEAN, std=IMAGENET_STD, **TARGET_MODES[mode], **more)


def set_target_mode(model: MaskedAutoencoder, mode: str) -> None:
    """Switch the model's targets to one of `TARGET_MODES`; raw modes do not normalise audio either."""
    for m in model.modalities:
        patch_size = model.targets[m].patch_size
        if m == 'video':
            target = video_target(mode, patch_size=patch_size)
        else:
            target = dict(type='PatchTarget', patch_size=patch_size, normalize=TARGET_MODES[mode]['normalize'])
        model.targets[m] = MODELS.build(target)
