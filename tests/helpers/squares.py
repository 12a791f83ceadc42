"""Parts of masked autoencoders of 8 x 8 images with two channels, under any names of modalities."""

import torch

ENCODER = dict(
    type='ViTEncoder', input_size=(8, 8), patch_size=(2, 2), in_channels=2, embed_dims=16, num_heads=2, depth=2
)
ENCODER['out_indices'] = (0,)
DECODER = dict(type='MaskedDecoder', embed_dims=8, num_heads=2)
MASK = dict(type='RandomMask', mask_ratio=0.5)
RELATED = dict(
    correlation=dict(type='IAVCLHead', embed_dims=16, num_heads=2), contrastive_loss=dict(type='HCMCLLoss')
)  # of two modalities


def parts(*modalities, **own):
    """Return the arguments of a small model; `own` replace some."""
    return (
        dict(
            masker=dict(
                type='DualMasker', encoder=dict.fromkeys(modalities, MASK), decoder=dict.fromkeys(modalities, MASK)
            ),
            encoders=dict.fromkeys(modalities, ENCODER),
            decoders=dict.fromkeys(modalities, DECODER),
            targets=dict.fromkeys(modalities, dict(type='PatchTarget')),
        )
        | own
    )


def images(*modalities, batch_size=4):
    """Return a batch for such a model."""
    return {m: torch.randn(batch_size, 2, 8, 8) for m in modalities}
