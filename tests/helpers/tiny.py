"""A model and a data set small enough to train in a second, with the interfaces of the real ones."""

import os
import random
import signal
import time

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import METRICS
from torch import nn
from torch.utils.data import Dataset

from mmavf.errors import ClipError
from mmavf.registry import DATASETS, HOOKS, MODELS
from mmavf.structures import AVDataSample, SampleKey


@DATASETS.register_module()
class TinyDataset(Dataset):
    """Random frames and log-mel per key; `bad_ids` give NaN; the positions that are read are added to `log_file`."""

    metainfo = dict(name='tiny')

    def __init__(self, length=22, bad_ids=(), log_file=None, bad_clip=None):
        self.length = length
        self.bad_ids = set(bad_ids)
        self.log_file = log_file
        self.bad_clip = bad_clip
        self.bad_samples_file = None

    def __len__(self):
        return self.length

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(int(key), 0, 0, 0)
        if self.log_file:
            with open(self.log_file, 'a') as file:
                file.write(f'{key.epoch} {key.position}\n')
        if key.index == self.bad_clip:
            raise ClipError(f'clip {key.index} is broken')
        rng = np.random.default_rng((key.index, key.rng_seed()))
        video = torch.from_numpy(rng.integers(0, 256, (1, 2, 4, 4, 3), dtype=np.uint8))
        audio = torch.from_numpy(rng.standard_normal((1, 4, 4), dtype=np.float32))
        if key.index in self.bad_ids:
            audio = audio * torch.nan
        sample = AVDataSample(metainfo=dict(sample_id=f'clip{key.index}', index=key.index, position=key.position))
        return dict(inputs=dict(video=video, audio=audio), data_samples=sample)


@MODELS.register_module()
class TinyPreprocessor(BaseDataPreprocessor):
    """To the device, and to floats."""

    def forward(self, data, training=False):
        data = self.cast_data(data)
        data['inputs']['video'] = data['inputs']['video'].float() / 255
        return data


@MODELS.register_module()
class TinyModel(BaseModel):
    """Two linear maps, a shared norm, and a random mask from the default generators.

    With `noise=False` and `norm='LayerNorm'` a batch's gradient is the mean of its samples' gradients.
    """

    def __init__(self, noise=True, norm='BatchNorm1d', data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor or dict(type='TinyPreprocessor'))
        self.video = nn.Linear(96, 8)
        self.audio = nn.Linear(16, 8)
        self.norm = getattr(nn, norm)(8)
        self.head = nn.Linear(8, 4)
        self.audio_mask_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.noise = noise

    def forward(self, inputs, data_samples=None, mode='loss'):
        if mode == 'predict':
            return data_samples
        video = self.video(inputs['video'].flatten(1))  # (B, 96) → (B, 8)
        audio = self.audio(inputs['audio'].flatten(1))  # (B, 16) → (B, 8)
        if self.noise:
            scale = random.random() + np.random.rand()
            video = video * (torch.rand_like(video) > 0.5) * scale
        video, audio = (self.head(self.norm(x)).float() + self.audio_mask_token[0] for x in (video, audio))
        target = inputs['audio'].flatten(1)[:, :4].nan_to_num()
        return dict(loss_video=((video - target) ** 2).mean(), loss_audio=((audio + target) ** 2).mean())


@METRICS.register_module()
class TinyMetric(BaseMetric):
    """Counts samples."""

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(count=len(results))


@HOOKS.register_module()
class KillHook(Hook):
    """End the process, or its whole group, by a signal after a number of iterations; on one rank, or on all (-1)."""

    priority = 'LOWEST'

    def __init__(self, after, number=signal.SIGKILL, group=False, rank=-1):
        self.after, self.number, self.group, self.rank = after, number, group, rank

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.after and self.rank in (-1, runner.rank):
            time.sleep(0.2)
            if self.group:
                os.killpg(os.getpgid(0), self.number)
            else:
                os.kill(os.getpid(), self.number)
