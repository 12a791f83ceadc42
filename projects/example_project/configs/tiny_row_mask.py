# The tiny model of the demo with whole rows of patches hidden from the video encoder.
#
#   python tools/train.py projects/example_project/configs/tiny_row_mask.py
_base_ = '../../../configs/demo/avfmae_tiny_pretrain.py'

custom_imports = dict(imports=['projects.example_project.row_mask'], allow_failed_imports=False)
model = dict(masker=dict(video_encoder_mask=dict(type='RowMask', mask_ratio=2 / 3)))
