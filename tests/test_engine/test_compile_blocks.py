"""Compiled blocks: which run compiled, by how many graphs, and what they compute."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel
from torch import nn

from mmavf.engine import CompileBlocksHook
from mmavf.errors import ConfigError
from mmavf.models.layers import LGIBlock, ViTBlock
from mmavf.models.layers.drop_path import DropPath, share_graphs
from mmavf.registry import MODELS
from tests.helpers.train import TINY_FOLDS, tiny_runner

DEPTH = 12


class Block(nn.Linear):
    """A class to be found by name."""

    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


@MODELS.register_module()
class TinyDeep(BaseModel):
    """Twelve transformer blocks whose drop-path rates grow from 0; three classes."""

    def __init__(self):
        super().__init__(data_preprocessor=dict(type='TinyPreprocessor'))
        self.blocks = nn.ModuleList(ViTBlock(4, 2, drop_path=rate) for rate in torch.linspace(0, 0.3, DEPTH).tolist())
        self.embed = nn.Linear(4, 4)
        self.head = nn.Linear(16, 3)

    def forward(self, inputs, data_samples=None, mode='loss'):
        x = self.embed(inputs['audio'].squeeze(1))  # (B, 4, 4)
        for block in self.blocks:
            x = block(x)
        logits = self.head(x.flatten(1)).float()
        if mode == 'loss':
            target = torch.stack([sample.gt_label for sample in data_samples])
            return dict(loss=nn.functional.cross_entropy(logits, target))
        for sample, score in zip(data_samples, logits.softmax(1), strict=True):
            sample.pred_score = score
        return data_samples


@pytest.fixture
def graphs():
    """A backend named 'counting' that runs graphs as they are; how often each was run, by its number."""
    runs = []

    def counting(graph, examples):
        number = len(runs)
        runs.append(0)

        def run(*args):
            runs[number] += 1
            return graph.forward(*args)

        return run

    limit = torch._dynamo.config.cache_size_limit
    torch._dynamo.reset()
    torch._dynamo.register_backend(counting, name='counting')
    yield runs
    torch._dynamo.backends.registry._COMPILER_FNS.pop('counting')
    torch._dynamo.config.cache_size_limit = limit
    torch._dynamo.reset()


def hook_of(model, *blocks, **options):
    CompileBlocksHook(blocks, **options).before_train(SimpleNamespace(model=model, logger=logging.getLogger('test')))


def train(work_dir, **options):
    """Train two epochs of 12 steps, each with a validation of three batches, the last of them smaller."""
    hook = dict(type='CompileBlocksHook', blocks=['ViTBlock'], backend='counting')
    smaller = dict(val_dataloader__batch_size=5, train_cfg__max_epochs=2, default_hooks__checkpoint__iter_interval=1000)
    runner = tiny_runner(
        work_dir,
        TINY_FOLDS,
        model=dict(_delete_=True, type='TinyDeep'),
        custom_hooks=[dict(type='NonFiniteGuardHook'), hook],
        protocol=dict(fold='1', selection='paper'),
        **smaller,
        **options,
    )
    runner.train()


def test_a_resumed_run_compiles_what_a_fresh_one_does(tmp_path, graphs):
    train(tmp_path / 'fresh')
    batches = 2 * (12 + 3)
    assert sum(graphs) == batches * DEPTH  # every block in every batch
    assert len(graphs) == 3  # training, evaluation, and the smaller last batch there
    torch._dynamo.reset()
    graphs.clear()
    train(tmp_path / 'resumed', resume=True, load_from=str(tmp_path / 'fresh/epoch_1.pth'))
    assert sum(graphs) == (3 + 12 + 3) * DEPTH and len(graphs) == 3  # it validates the first epoch again


def test_a_limit_on_graphs_that_pytorch_sets_is_too_low_for_many_shapes(graphs):
    torch._dynamo.config.cache_size_limit = 2
    model = nn.Sequential(Block(2, 2))
    hook_of(model, 'Block', backend='counting')
    for size in range(1, 12):
        model(torch.zeros(size, 2))
    assert graphs == [1] * 11


def test_compiled_blocks_keep_names_and_are_found_by_class():
    model = nn.Sequential(Block(2, 2), nn.ReLU(), Block(2, 2))
    names = list(model.state_dict())
    hook_of(model, 'Block')
    assert list(model.state_dict()) == names
    assert [module._compiled_call_impl is not None for module in model] == [True, False, True]
    with pytest.raises(ConfigError, match='no module of class Blok'):
        hook_of(model, 'Blok')


def test_rates_that_a_graph_is_given_change_no_name_and_nothing_without_dropping():
    still, dropping = LGIBlock(4, 2), LGIBlock(4, 2, drop_path=0.1)
    share_graphs([still], torch.device('cpu'))
    assert all(path.kept is None for path in still.modules() if isinstance(path, DropPath))
    share_graphs([still, dropping], torch.device('cpu'))
    assert dropping.state_dict().keys() == still.state_dict().keys()
    assert not [name for name, _ in still.named_buffers() if 'drop_path' in name]
    assert still.stage1.drop_path.kept == 1.0
    x = torch.randn(2, 3, 4)
    assert torch.equal(still.train().stage1.drop_path(x), x)


@pytest.mark.parametrize('shared', [False, True])
def test_drop_path_drops_whole_rows_at_its_rate(shared):
    path, x = DropPath(0.25), torch.ones(8000, 2, 3)
    if shared:
        share_graphs([path], x.device)
    out = path(x)
    kept = out[:, 0, 0] != 0
    assert torch.equal(out, torch.where(kept[:, None, None], x / 0.75, 0 * x))
    assert abs(kept.float().mean() - 0.75) < 5 * (0.75 * 0.25 / len(x)) ** 0.5
    assert path(x.bfloat16()).dtype == torch.bfloat16
    assert path.eval()(x) is x


@pytest.mark.parametrize('rate', [-0.1, 1.0, float('nan')])
def test_a_rate_that_drops_everything_is_refused(rate):
    with pytest.raises(ConfigError, match='drop-path rate must be'):
        DropPath(rate)


@pytest.mark.slow
def test_compiled_blocks_compute_the_same():
    model = nn.Sequential(Block(4, 4), nn.GELU(), Block(4, 4))
    batch = torch.randn(3, 4)
    expected = model(batch)
    hook_of(model, 'Block')
    torch.testing.assert_close(model(batch), expected)
