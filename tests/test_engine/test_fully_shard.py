"""Weights divided among two processes on gloo, next to the same training with DistributedDataParallel."""

from collections import Counter

import pytest
import torch
from mmengine.dist import get_rank
from mmengine.hooks import EMAHook, Hook
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.registry import init_default_scope
from torch import distributed as dist
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmavf.cli.program import leave_process_group
from mmavf.engine import CompileBlocksHook, CUDAGraphHook, FullyShard, GuardedOptimWrapper, fully_shard
from mmavf.engine.config_file import load_config
from mmavf.engine.optimizers import guarded_optim_wrapper
from mmavf.errors import ConfigError
from mmavf.models.layers import CrossSelfBlock, ViTBlock
from mmavf.registry import HOOKS, MODEL_WRAPPERS, MODELS
from tests.helpers.models import ROOT, build_pretrainer, labelled
from tests.helpers.ranks import run_ranks
from tests.helpers.tiny import TinyDataset
from tests.helpers.train import tiny_runner

SHARDED = dict(_delete_=True, type='FullyShard')
LENGTH, ITERS = 24, 6  # of an epoch, of three optimizer steps

pytestmark = pytest.mark.skipif(not hasattr(FSDPModule, 'set_reshard_after_forward'), reason='torch before 2.8')


@MODELS.register_module()
class TinyBlocks(BaseModel):
    """Blocks, and around them a token, a batch norm and a head; each rank draws its own noise."""

    def __init__(self):
        super().__init__(data_preprocessor=dict(type='TinyPreprocessor'))
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.embed = nn.Linear(4, 8, bias=False)  # whose gradient would be the rounding errors of the norm
        self.blocks = nn.ModuleList(ViTBlock(8, 2) for _ in range(2))
        self.cross = CrossSelfBlock(8, 2)
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 3)

    def forward(self, inputs, data_samples=None, mode='loss'):
        x = self.norm(self.embed(inputs['audio'].squeeze(1)).transpose(1, 2)).transpose(1, 2) + self.token  # (B, 4, 8)
        for block in self.blocks:
            x = block(x)
        x = self.cross(x, x.flip(1)).mean(dim=1)
        if mode == 'loss':
            x = x + 0.1 * torch.rand_like(x)
        out = self.head(x).float()
        return out if mode == 'predict' else dict(loss=(out - inputs['video'].flatten(1)[:, :3]).square().mean())


class Recorder(Hook):
    """The rank's losses, and the gradient norms of the last steps."""

    def __init__(self):
        self.figures = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.figures.append([outputs['loss'].item(), runner.optim_wrapper.grad_norm.item()])


def one_batch():
    """A batch as the loader gives it."""
    samples = [TinyDataset()[index] for index in range(3)]
    inputs = {name: torch.stack([sample['inputs'][name] for sample in samples]) for name in ('video', 'audio')}
    return dict(inputs=inputs, data_samples=[sample['data_samples'] for sample in samples])


def train(folder, wrapper=None, start=None, **options):
    """Train two epochs, or the second from a checkpoint, with accumulation, clipping and a NaN in each epoch.

    Before and after it the main process predicts alone. Returns losses and norms, and the predictions.
    """
    if wrapper is not None:
        options['model_wrapper_cfg'] = dict(wrapper)  # merging takes `_delete_` out
    if start is not None:
        options.update(resume=True, load_from=str(start))
    options.update(train_dataloader__dataset=dict(length=LENGTH, bad_ids=[5]))
    options.update(optim_wrapper__accumulative_counts=2, optim_wrapper__clip_grad=dict(max_norm=0.5))
    options.update(optim_wrapper__optimizer__lr=0.03)  # at higher rates sums in another order grow step by step
    runner = tiny_runner(
        folder, model=dict(_delete_=True, type='TinyBlocks'), train_cfg__max_epochs=2, launcher='pytorch', **options
    )
    recorder = Recorder()
    runner.register_hook(recorder)
    first = predict_alone(runner.model)
    runner.train()
    return dict(figures=torch.tensor(recorder.figures), first=first, predicted=predict_alone(runner.model))


@torch.no_grad()
def predict_alone(model):
    """The main process predicts a batch, the other one none."""
    model.eval()
    predicted = model.val_step(one_batch()) if get_rank() == 0 else None
    model.train()
    return predicted


def train_rank(out):
    """All trainings of this file, one after the other in one pair of processes."""
    for module in (fully_shard, guarded_optim_wrapper):
        module.has_bf16_units = lambda device_type: True
    results = dict(
        ddp=train(out / 'ddp'),
        sharded=train(out / 'sharded', SHARDED),
        resumed=train(out / 'resumed', dict(SHARDED, reshard_after_forward=False), out / 'sharded/epoch_1.pth'),
        sharded_from_ddp=train(out / 'sharded_from_ddp', SHARDED, out / 'ddp/epoch_1.pth'),
        ddp_from_sharded=train(out / 'ddp_from_sharded', None, out / 'sharded/epoch_1.pth'),
        autocast=train(out / 'autocast', optim_wrapper__dtype='bfloat16'),
        half=train(out / 'half', dict(SHARDED, param_dtype='bfloat16'), optim_wrapper__dtype='bfloat16'),
    )
    torch.save(results, out / f'rank{get_rank()}.pth')
    leave_process_group()


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp('fully_shard')
    assert run_ranks(train_rank, 2, out) == [0, 0]
    return out, [torch.load(out / f'rank{rank}.pth', weights_only=True) for rank in (0, 1)]


def close(one, other, tolerance=1e-5):
    torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)


def checkpoint(path):
    """Weights, moments and settings of the optimizer by name."""
    saved = torch.load(path, weights_only=True)
    state = {
        f'{i}.{name}': value for i, values in saved['optimizer']['state'].items() for name, value in values.items()
    }
    return saved['state_dict'] | state, saved['optimizer']['param_groups']


def test_losses_and_norms_are_those_of_ddp(trained):
    _, ranks = trained
    for results in ranks:
        close(results['sharded']['figures'], results['ddp']['figures'])
    losses, norms = ranks[0]['ddp']['figures'].T
    assert len(losses) == 2 * ITERS and norms.isnan().any() and (norms > 0.5).sum() >= 4
    assert not torch.equal(losses, ranks[1]['ddp']['figures'][:, 0])


def test_checkpoints_are_those_of_ddp(trained):
    out, _ = trained
    for epoch in (1, 2):
        one, one_groups = checkpoint(out / f'ddp/epoch_{epoch}.pth')
        other, other_groups = checkpoint(out / f'sharded/epoch_{epoch}.pth')
        assert list(one) == list(other) and one_groups == other_groups
        for name, value in one.items():
            assert type(other[name]) is torch.Tensor
            close(other[name], value, 1e-4)


def test_a_resumed_run_ends_with_the_same_bits(trained):
    out, ranks = trained
    assert torch.equal(ranks[0]['resumed']['figures'][:, 0], ranks[0]['sharded']['figures'][ITERS:, 0])  # losses
    one, other = (checkpoint(out / f'{run}/epoch_2.pth')[0] for run in ('sharded', 'resumed'))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize('run', ['sharded_from_ddp', 'ddp_from_sharded'])
def test_either_continues_what_the_other_wrote(trained, run):
    out, ranks = trained
    close(ranks[1][run]['figures'][1:], ranks[1]['ddp']['figures'][ITERS + 1 :])  # without the norm of no step at first
    one, other = (checkpoint(out / f'{name}/epoch_2.pth')[0] for name in ('ddp', run))
    for name, value in one.items():
        close(other[name], value, 1e-4)


def test_one_process_predicts_alone_with_the_whole_model(trained):
    out, ranks = trained
    init_default_scope('mmavf')
    model = TinyBlocks()
    model.load_state_dict(torch.load(out / 'sharded/epoch_2.pth', weights_only=True)['state_dict'])
    close(ranks[0]['sharded']['predicted'], model.eval().val_step(one_batch()))
    close(ranks[0]['sharded']['first'], ranks[0]['ddp']['first'])


def test_blocks_in_bfloat16_learn_as_under_autocast_and_are_kept_in_float32(trained):
    out, ranks = trained
    half, autocast = ranks[0]['half']['figures'][:, 0], ranks[0]['autocast']['figures'][:, 0]
    close(half, autocast, 0.02)
    assert not torch.equal(half, autocast)
    saved, _ = checkpoint(out / 'half/epoch_2.pth')
    assert {value.dtype for value in saved.values() if value.is_floating_point()} == {torch.float32}
    weight = saved['blocks.0.ffn.fc1.weight']
    assert not torch.equal(weight, weight.bfloat16().float())


def pretrain_rank(out):
    """Two steps of a small model of the true structure, which recomputes its blocks; then the same in bfloat16."""
    dist.init_process_group('gloo')
    init_default_scope('mmavf')
    guarded_optim_wrapper.has_bf16_units = fully_shard.has_bf16_units = lambda device_type: True
    losses = {}
    for name, dtype, wrap in (
        ('ddp', 'float32', MMDistributedDataParallel),
        ('sharded', 'float32', FullyShard),
        ('autocast', 'bfloat16', MMDistributedDataParallel),
        ('half', 'bfloat16', lambda model: FullyShard(model, param_dtype='bfloat16')),
    ):
        parts = ('video_encoder', 'audio_encoder', 'video_decoder', 'audio_decoder')
        model = build_pretrainer(**{part: dict(with_cp=True) for part in parts})
        model.init_weights()
        wrapped = wrap(model)
        torch.manual_seed(get_rank())
        optimizer = torch.optim.AdamW(wrapped.parameters(), lr=1e-3, fused=True)
        wrapper = GuardedOptimWrapper(optimizer, dtype=dtype, clip_grad=dict(max_norm=0.7))
        video = torch.randint(256, (2, 1, 16, 160, 160, 3), dtype=torch.uint8)
        data = dict(inputs=dict(video=video, audio=torch.randn(2, 1, 256, 128)), data_samples=labelled(0, 0))
        steps = [wrapped.train().train_step(data, wrapper) for _ in range(2)]
        losses[name] = torch.stack([torch.stack([*step.values(), wrapper.grad_norm]) for step in steps])
    torch.save(losses, out / f'rank{get_rank()}.pth')
    del model, wrapped, wrapper, optimizer
    leave_process_group()


@pytest.mark.slow
def test_pre_training_with_recomputed_blocks_has_the_losses_of_ddp(tmp_path):
    assert run_ranks(pretrain_rank, 2, tmp_path) == [0, 0]
    losses = torch.load(tmp_path / 'rank1.pth', weights_only=True)
    close(losses['sharded'], losses['ddp'])
    close(losses['half'], losses['autocast'], 0.05)


def test_unknown_blocks_and_precisions_are_refused():
    init_default_scope('mmavf')
    with pytest.raises(
        ConfigError, match='Linear has no block of class CrossBlock, CrossSelfBlock, LGIBlock, ViTBlock'
    ):
        FullyShard(nn.Linear(2, 2))
    with pytest.raises(ConfigError, match='no block of class SelfAttention outside'):
        FullyShard(TinyBlocks(), blocks=['ViTBlock', 'SelfAttention'])
    with pytest.raises(ConfigError, match="param_dtype must be 'bfloat16' or 'float32', not 'float16'"):
        FullyShard(TinyBlocks(), param_dtype='float16')


def test_a_torch_without_what_it_needs_is_refused(monkeypatch):
    monkeypatch.delattr(FSDPModule, 'set_reshard_after_forward')
    with pytest.raises(ConfigError, match='FullyShard needs torch 2.8 or later'):
        FullyShard(nn.Linear(2, 2))


@pytest.mark.parametrize('hook', [EMAHook(), CompileBlocksHook(['ViTBlock']), CUDAGraphHook()])
def test_hooks_that_need_whole_weights_are_refused(hook):
    with pytest.raises(ConfigError, match=f'{type(hook).__name__} does not work with FullyShard'):
        FullyShard.check_hooks([Recorder(), hook])


def test_options_of_another_wrapper_are_refused(tmp_path):
    with pytest.raises(ConfigError, match='model_wrapper_cfg has no key broadcast_buffers; it takes blocks'):
        tiny_runner(tmp_path, model_wrapper_cfg=dict(type='FullyShard'))


def test_one_process_has_nothing_to_divide(tmp_path):
    runner = tiny_runner(tmp_path, model_wrapper_cfg=dict(SHARDED))
    with pytest.raises(ConfigError, match='this run has one'):
        runner.train()


@pytest.fixture
def two_processes():
    """One process of two, the other of which is not there: sums and gatherings return at once."""
    dist.init_process_group('fake', rank=0, world_size=2, store=FakeStore())
    yield
    dist.destroy_process_group()


class Traffic(TorchDispatchMode):
    """Bytes of what is gathered and summed, whole."""

    def __init__(self):
        super().__init__()
        self.bytes = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.namespace == 'c10d':
            tensors = [value for value in tree_leaves(args) if isinstance(value, torch.Tensor)]
            self.bytes[function.overloadpacket.__name__] += max(tensor.nbytes for tensor in tensors)
        return function(*args, **(kwargs or {}))


def test_the_shipped_config_is_the_usual_one_but_for_its_wrapper(two_processes):
    config, usual = (load_config(str(ROOT / f'configs/avfmae_h_pretrain{kind}.py')).to_dict() for kind in ('_fsdp', ''))
    wrapper = config.pop('model_wrapper_cfg')
    assert usual.pop('model_wrapper_cfg')['type'] == 'MMDistributedDataParallel' and config == usual
    init_default_scope('mmavf')
    FullyShard.check_hooks([HOOKS.build(hook) for hook in (*config['default_hooks'].values(), *config['custom_hooks'])])
    model = MODEL_WRAPPERS.build(dict(wrapper, module=build_pretrainer())).module
    assert all(isinstance(part, FSDPModule) for part in (model, *model.encoders['video'].blocks))


@pytest.mark.parametrize(('options', 'in_blocks'), [({}, 8), (dict(reshard_after_forward=False), 4)])
def test_what_a_step_gathers_and_sums(two_processes, options, in_blocks):
    init_default_scope('mmavf')
    model = TinyBlocks()
    # a first axis of odd size gets a row more, so that both processes have as many
    sizes = {name: (len(value) + len(value) % 2) * value[0].numel() for name, value in model.named_parameters()}
    of_blocks = sum(size for name, size in sizes.items() if name.startswith(('blocks', 'cross')))
    rest = sum(sizes.values()) - of_blocks
    wrapped = FullyShard(model, **options).train()
    data = model.data_preprocessor(one_batch())
    with Traffic() as traffic:
        wrapped(**data, mode='loss')['loss'].backward()
    assert traffic.bytes['_allgather_base_'] == in_blocks * of_blocks + 4 * rest
    assert traffic.bytes['_reduce_scatter_base_'] == 4 * (of_blocks + rest)
