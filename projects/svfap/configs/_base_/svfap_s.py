# SVFAP Small for pre-training. The paper does not say how many heads the encoder has, nor how wide the decoder is: six, and
# as in Base.
_base_ = './svfap_b.py'

model = dict(encoders=dict(video=dict(embed_dims=384, num_heads=6, depths=(8, 4, 2))))
