"""A test in a second: clips whose frames say their class, and a model that reads it."""

import torch
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from mmavf.registry import DATASETS, MODELS
from mmavf.structures import AVDataSample, SampleKey

CLASSES = ('anger', 'happiness', 'sadness')


@DATASETS.register_module()
class ToldDataset(Dataset):
    """Clip i is of class i % 3, of subject i % 4, once for each of `sources`.

    Those in `bad` cannot be used, those in `broken` have NaN in their pixels.
    """

    metainfo = dict(classes=CLASSES)
    list_hashes = {'told.csv': 'a' * 64}
    bad_samples_file = None

    def __init__(self, length=11, bad=(), broken=(), sources=('told',)):
        self.length, self.bad, self.broken, self.sources = length, set(bad), set(broken), sources

    def __len__(self):
        return self.length * len(self.sources)

    def full_init(self):
        pass

    def clip_refs(self):
        return iter(())

    def split_values(self):
        return []

    def __getitem__(self, key):
        source, index = divmod(key.index if isinstance(key, SampleKey) else key, self.length)
        meta = dict(sample_id=f'clip {index}', index=index, subject=f's{index % 4}', source=self.sources[source])
        if index in self.bad:
            return dict(inputs=None, data_samples=AVDataSample(metainfo=dict(meta, error=f'clip {index} is empty')))
        generator = torch.Generator().manual_seed(index)
        video = torch.rand(3, generator=generator)
        video[index % 3] += 0.6
        if index in self.broken:
            video[0] = torch.nan
        sample = AVDataSample(metainfo=meta)
        sample.gt_label = torch.tensor(index % 3)
        return dict(inputs=dict(video=video), data_samples=sample)


@MODELS.register_module()
class ToldModel(BaseModel):
    """Probabilities that rise with the inputs."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        scores = (inputs['video'] * self.scale).softmax(dim=1)  # (B, 3)
        if mode == 'loss':
            labels = torch.stack([sample.gt_label for sample in data_samples])
            return dict(loss=nn.functional.nll_loss(scores.log(), labels))
        for sample, score in zip(data_samples, scores, strict=True):
            sample.pred_score = score
        return data_samples
