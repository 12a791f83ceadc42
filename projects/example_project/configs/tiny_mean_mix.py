# The tiny model of the demo with an encoder of one's own for the video.
#
#   python tools/train.py projects/example_project/configs/tiny_mean_mix.py
_base_ = '../../../configs/demo/avfmae_tiny_pretrain.py'

custom_imports = dict(imports=['projects.example_project.mean_mix_encoder'], allow_failed_imports=False)
model = dict(
    video_encoder=dict(
        _delete_=True,
        type='MeanMixEncoder',
        embed_dims=80,
        depth=3,
        input_size=(4, 96, 96),
        patch_size=(2, 16, 16),
        in_channels=3,
        out_indices=(1, 2),
    )
)
