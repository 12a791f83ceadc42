"""Weights of a model that is not trained any more, held as its products take them."""

import torch
from torch import nn

from .attention import CrossAttention, SelfAttention

PRODUCTS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def hold_in_bf16(model: nn.Module) -> None:
    """Cast weights and biases of products to bfloat16, in place, and join those of queries, keys and values.

    Autocast casts them in every forward pass; held like this, they are cast once. LayerNorms, learned tokens and
    positions stay float32, as under autocast. From now on the model runs under bfloat16 autocast only.
    """
    for part in model.modules():
        if isinstance(part, PRODUCTS):
            part.to(torch.bfloat16)
        elif isinstance(part, SelfAttention | CrossAttention):
            for bias in (part.q_bias, part.k_bias, part.v_bias):
                bias.data = bias.data.to(torch.bfloat16)
    for part in model.modules():
        if isinstance(part, CrossAttention):
            part.join_products()
