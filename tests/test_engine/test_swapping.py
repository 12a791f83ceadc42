"""Parts of data, engine and evaluation of one's own, swapped in by a config."""

import numpy as np
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook

from mmavf.datasets import AVClipDataset
from mmavf.datasets.samplers import KeyedSampler
from mmavf.engine.loops import ResumableTrainLoop
from mmavf.registry import DATA_SAMPLERS, HOOKS, LOOPS, METRICS, TRANSFORMS
from tests.helpers.media import counted_frames, tone, write_list, write_media
from tests.helpers.train import TINY_FOLDS, tiny_runner

CALLS = []


@DATA_SAMPLERS.register_module()
class NotedSampler(KeyedSampler):
    def __iter__(self):
        CALLS.append('sampler')
        return super().__iter__()


@DATA_SAMPLERS.register_module()
class BackwardSampler(DefaultSampler):
    def __iter__(self):
        return iter(range(len(self.dataset) - 1, -1, -1))


@HOOKS.register_module()
class NotedHook(Hook):
    def after_train_epoch(self, runner):
        CALLS.append(f'hook after epoch {runner.epoch}')


@LOOPS.register_module()
class NotedLoop(ResumableTrainLoop):
    def run_epoch(self):
        CALLS.append('loop')
        super().run_epoch()


@METRICS.register_module()
class FirstClip(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [sample['index'] for sample in data_samples]

    def compute_metrics(self, results):
        return dict(index=results[0])


@TRANSFORMS.register_module()
class Silence:
    def __call__(self, results):
        return {**results, 'waveforms': [np.zeros_like(x) for x in results['waveforms']]}


def test_sampler_hook_and_loop_run_a_training(tmp_path):
    CALLS.clear()
    own = dict(train_cfg=dict(type='NotedLoop', max_epochs=2), custom_hooks=[dict(type='NotedHook')])
    sampler = dict(train_dataloader__sampler__type='NotedSampler')
    tiny_runner(
        tmp_path, TINY_FOLDS, protocol__fold='1', val_evaluator=dict(type='FirstClip'), **sampler, **own
    ).train()
    epoch = ['loop', 'sampler']
    assert [*epoch, 'hook after epoch 0', *epoch, 'hook after epoch 1'] == CALLS


def test_sampler_and_metric_run_a_test(tmp_path):
    own = dict(
        test_dataloader__sampler=dict(type='BackwardSampler'), test_evaluator=dict(_delete_=True, type='FirstClip')
    )
    runner = tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', **own)
    assert runner.test() == {'index': 33}  # of 36 clips, in turn of three folds, the last of the first


def test_a_transform_stands_in_a_pipeline(tmp_path):
    write_media(tmp_path / 'a.mp4', counted_frames(30), tone(1.2))
    write_list(tmp_path / 'a.csv', [('a.mp4', '', '')])
    start = [dict(type='OpenClip'), dict(type='SampleWindow', clip_len=2, frame_interval=2)]
    end = [dict(type='ReadFrames'), dict(type='ReadAudio'), dict(type='Silence'), dict(type='LogMel')]
    mels = [
        AVClipDataset('a.csv', str(tmp_path), [*start, *steps, dict(type='PackAVInputs')])[0]['inputs']['audio']
        for steps in (end, [step for step in end if step['type'] != 'Silence'])
    ]
    silent, heard = (mel.std(dim=-1).max().item() for mel in mels)  # over the bins of a moment
    assert silent == 0 < heard
