"""The contrastive loss with negatives of all ranks, against one process that has the whole batch."""

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from mmavf.models.losses import HCMCLLoss

LAYERS, BATCH, TOKENS, CHANNELS = 2, 6, 5, 8


def _features():
    generator = torch.Generator().manual_seed(0)
    shape = (2, LAYERS, BATCH, TOKENS, CHANNELS)
    return torch.randn(shape, generator=generator, dtype=torch.float32)


def _rank(rank, file, results):
    dist.init_process_group('gloo', init_method=f'file://{file}', rank=rank, world_size=2)
    share = _features()[:, :, rank * BATCH // 2 : (rank + 1) * BATCH // 2].clone().requires_grad_()
    loss = HCMCLLoss(gather=True)(list(share[0]), list(share[1]))
    loss.backward()
    results[rank] = (loss.item(), share.grad.tolist())
    dist.destroy_process_group()


def test_two_ranks_agree_with_the_whole_batch(tmp_path):
    with mp.Manager() as manager:
        results = manager.dict()
        mp.spawn(_rank, args=(tmp_path / 'meeting', results), nprocs=2)
        results = dict(results)
    whole = _features().requires_grad_()
    loss = HCMCLLoss()(list(whole[0]), list(whole[1]))
    loss.backward()
    mean = (results[0][0] + results[1][0]) / 2
    torch.testing.assert_close(torch.tensor(mean), loss.detach(), atol=1e-8, rtol=1e-5)
    # every rank's loss is a mean over its own half, and ranks average their gradients
    gradients = torch.cat([torch.tensor(results[rank][1]) for rank in (0, 1)], dim=2) / 2
    torch.testing.assert_close(gradients, whole.grad, atol=1e-8, rtol=1e-4)


def test_alone_gathering_changes_nothing():
    video, audio = _features()
    assert HCMCLLoss(gather=True)(list(video), list(audio)) == HCMCLLoss()(list(video), list(audio))
