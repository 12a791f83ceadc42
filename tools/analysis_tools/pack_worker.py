"""Read lists by one build of the package, for each line on standard input: a side of `pack_benchmark.py --against`.

It is run as it stands here with the package and the working folder of either build, whose environment it does not
change.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavf
from mmavf.datasets import AVClipDataset
from mmavf.datasets.read_speed import read_clips
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

# of the build, whose folder the package lies in
CONFIG = Path(mmavf.__file__).parents[1] / 'configs/_base_/datasets/single_list.py'
READ_STEPS = 4  # of the pipeline: open, choose the window, frames, sound


def build(path: Path, steps: int | None) -> AVClipDataset:
    """Return the data set of a list, with the first steps of the pre-training pipeline, or all of them (None)."""
    config = Config.fromfile(CONFIG).train_dataloader.dataset
    config.update(ann_file=path.name, data_root=str(path.parent), on_bad='raise', pipeline=config.pipeline[:steps])
    return DATASETS.build(config)


def digest(dataset: AVClipDataset) -> str:
    """Return a hash of the frames and samples of all clips."""
    found = sha256()
    for index in range(len(dataset)):
        clip = dataset[SampleKey(index, 0, 0, index)]
        for values in (*clip['imgs'], *clip['waveforms']):
            found.update(np.ascontiguousarray(values))
    return found.hexdigest()


def main() -> None:
    """Answer each line with the processor time per clip of reading each list, and of the whole loader, in ms."""
    lists = json.loads(sys.argv[1])
    init_default_scope('mmavf')
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    reading = {name: build(Path(path), READ_STEPS) for name, path in lists.items()}
    loading = {name: build(Path(path), None) for name, path in lists.items()}
    digests = {name: digest(dataset) for name, dataset in reading.items()}
    for _ in sys.stdin:
        spent = {}
        for name, dataset in reading.items():
            order = range(len(dataset))
            times = (read_clips(each, order).processor_sec for each in (dataset, loading[name]))
            spent[name] = [1000 * seconds / len(dataset) for seconds in times]
        sys.stdout.write(json.dumps(dict(ms=spent, digests=digests)) + '\n')
        sys.stdout.flush()


if __name__ == '__main__':
    main()
