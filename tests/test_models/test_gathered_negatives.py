"""The contrastive loss with negatives of all ranks, against one process that has the whole batch."""

import os

import torch
import torch.distributed as dist

from mmavf.models.losses import HCMCLLoss
from tests.helpers.ranks import run_ranks

LAYERS, BATCH, TOKENS, CHANNELS = 2, 6, 5, 8


def _features():
    generator = torch.Generator().manual_seed(0)
    shape = (2, LAYERS, BATCH, TOKENS, CHANNELS)
    return torch.randn(shape, generator=generator, dtype=torch.float32)


def _train(folder):
    rank = int(os.environ['RANK'])
    dist.init_process_group('gloo')
    share = _features()[:, :, rank * BATCH // 2 : (rank + 1) * BATCH // 2].clone().requires_grad_()
    loss = HCMCLLoss(gather=True)(list(share[0]), list(share[1]))
    loss.backward()
    torch.save((loss.detach(), share.grad), folder / f'{rank}.pth')
    dist.destroy_process_group()


def test_two_ranks_agree_with_the_whole_batch(tmp_path):
    assert run_ranks(_train, 2, tmp_path) == [0, 0]
    losses, shares = zip(*(torch.load(tmp_path / f'{rank}.pth') for rank in (0, 1)), strict=True)
    whole = _features().requires_grad_()
    loss = HCMCLLoss()(list(whole[0]), list(whole[1]))
    loss.backward()
    torch.testing.assert_close(sum(losses) / 2, loss.detach(), atol=1e-8, rtol=1e-5)
    # every rank's loss is a mean over its own half, and ranks average their gradients
    torch.testing.assert_close(torch.cat(shares, dim=2) / 2, whole.grad, atol=1e-8, rtol=1e-4)


def test_alone_gathering_changes_nothing():
    video, audio = _features()
    assert HCMCLLoss(gather=True)(list(video), list(audio)) == HCMCLLoss()(list(video), list(audio))
