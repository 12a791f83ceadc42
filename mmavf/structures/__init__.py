"""Data structures shared by data sets, models and engine."""

from .av_data_sample import AVDataSample
from .sample_key import SampleKey

__all__ = ['AVDataSample', 'SampleKey']
