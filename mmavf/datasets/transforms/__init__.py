"""Transforms from a list entry to the input of the model.

They use MMAction2's names for the keys that pass between them (`imgs`, `img_shape`, `frame_inds`, `clip_len`,
`num_clips`, `frame_interval`, `total_frames`), so that MMAction2's own transforms can be used in between as
`type='mmaction.Resize'`.
"""

import mmaction.datasets.transforms  # noqa: F401  (registers the mmaction.* transforms)

from .audio_gain import RandomGain
from .log_mel import LogMel
from .open_clip import OpenClip
from .pack import PackAVInputs
from .per_view import PerView
from .perturb_mel import PerturbMel
from .rand_augment import RandAugment
from .read_media import ReadAudio, ReadFrames
from .resize_crops import ResizeCrops
from .sample_segments import SampleSegments
from .sample_window import SampleWindow
from .spec_augment import SpecAugment

__all__ = [
    'LogMel',
    'OpenClip',
    'PackAVInputs',
    'PerView',
    'PerturbMel',
    'RandAugment',
    'RandomGain',
    'ReadAudio',
    'ReadFrames',
    'ResizeCrops',
    'SampleSegments',
    'SampleWindow',
    'SpecAugment',
]
