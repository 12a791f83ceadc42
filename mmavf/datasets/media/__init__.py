"""Reading of frames and sound from files, by time in seconds from the start of the clip."""

from .container import MediaFile
from .frame_folder import FrameFolder
from .resample import SAMPLE_RATE_HZ
from .sound_file import SoundFile

__all__ = ['SAMPLE_RATE_HZ', 'FrameFolder', 'MediaFile', 'SoundFile']
