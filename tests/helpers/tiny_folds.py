"""Labelled data with folds for the tiny model, whose classes can be learned, and a model that predicts them."""

import hashlib
import os

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import METRICS
from torch import nn
from torch.utils.data import Dataset

from mmavf.errors import ListError
from mmavf.protocol.overlap import ClipRef
from mmavf.registry import DATASETS, MODELS
from mmavf.structures import AVDataSample, SampleKey

CLASSES = ('anger', 'happiness', 'neutral')
FOLDS = ('1', '2', '3')


@DATASETS.register_module()
class TinyFolds(Dataset):
    """`length` clips, clip i in fold 1 + i mod 3 and with class (i // 3) mod 3; there are no files."""

    def __init__(
        self,
        ann_file='all.csv',
        length=36,
        split=None,
        source='',
        family='',
        data_root='',
        classes=CLASSES,
        broken_fold=None,
        lazy_init=False,
    ):
        split = dict(column='fold', held_out=None, part='train', val_share=0.0) | dict(split or {})
        self.list_hashes = {ann_file: hashlib.sha256(ann_file.encode()).hexdigest()}
        self.metainfo = dict(classes=classes)
        self.source = source
        self.family = family
        self.data_root = data_root
        self.bad_samples_file = None
        if lazy_init:
            return
        if split['held_out'] not in FOLDS:
            raise ListError(f'give --fold: {", ".join(FOLDS)}')
        test = [i for i in range(length) if FOLDS[i % 3] == split['held_out']]
        rest = [i for i in range(length) if i not in test]
        cut = round(len(rest) * split['val_share'])
        self.indices = dict(test=test, val=rest[:cut], train=rest[cut:])[split['part']]

    def split_values(self):
        return list(FOLDS)

    def full_init(self):
        pass

    def clip_refs(self):
        for index in self.indices:
            name = f'clip{index}.mp4'
            path = os.path.realpath(os.path.join(self.data_root, name))
            yield ClipRef(f'line {index}', name, path, 0.0, float('inf'), self.family, name, '')

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, key):
        index = self.indices[key.index if isinstance(key, SampleKey) else key]
        label = (index // 3) % 3
        rng = np.random.default_rng(index)
        audio = torch.from_numpy(rng.standard_normal((1, 4, 4), dtype=np.float32))
        audio[0, label] += 1.0
        video = torch.from_numpy(rng.integers(0, 256, (1, 2, 4, 4, 3), dtype=np.uint8))
        meta = dict(sample_id=f'clip{index}', index=index, fold=FOLDS[index % 3], subject=f's{index % 6}')
        sample = AVDataSample(metainfo=dict(meta, source=self.source))
        sample.gt_label = torch.tensor(label)
        return dict(inputs=dict(video=video, audio=audio), data_samples=sample)


@MODELS.register_module()
class TinyClassifier(BaseModel):
    """Three classes from the log-mel; a random factor on the loss stands for what trainings draw."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor or dict(type='TinyPreprocessor'))
        self.audio = nn.Linear(16, 8)
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, len(CLASSES))

    def forward(self, inputs, data_samples=None, mode='loss'):
        logits = self.head(self.norm(self.audio(inputs['audio'].flatten(1)))).float()  # (B, 3)
        if mode == 'loss':
            target = torch.stack([sample.gt_label for sample in data_samples])
            return dict(loss=nn.functional.cross_entropy(logits, target) * (0.9 + 0.2 * torch.rand(())))
        for sample, score in zip(data_samples, logits.softmax(1), strict=True):
            sample.pred_score = score
        return data_samples


@METRICS.register_module()
class TinyAccuracy(BaseMetric):
    """Accuracy as `acc`."""

    def __init__(self, key='acc'):
        super().__init__(prefix='')
        self.key = key

    def process(self, data_batch, data_samples):
        self.results += [int(sample['pred_score'].argmax() == sample['gt_label']) for sample in data_samples]

    def compute_metrics(self, results):
        return dict(acc=sum(results) / len(results))
