# Video alone, trained from scratch on a few hundred labelled clips of your own: av.py without sound. 1.4 M parameters.
_base_ = './av.py'
from mmavf.datasets.targets import one_modality

globals().update(one_modality(_base_, 'video'))
