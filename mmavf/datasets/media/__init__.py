"""Readers of frames and sound, by time in seconds from the start of the clip."""

from .arrays import ArrayFrames, ArraySound
from .audio_track import AudioTrack
from .channels import Channel, check_channel
from .container import MediaFile
from .frame_folder import FrameFolder
from .interfaces import FrameReader, SoundReader
from .long_media import LongMedia
from .open_sound import open_sound
from .resample import SAMPLE_RATE_HZ
from .shard import ShardClip, in_shard
from .silence import Silence
from .sound_file import SoundFile
from .video_track import VideoTrack

__all__ = [
    'SAMPLE_RATE_HZ',
    'ArrayFrames',
    'ArraySound',
    'AudioTrack',
    'Channel',
    'FrameFolder',
    'FrameReader',
    'LongMedia',
    'MediaFile',
    'ShardClip',
    'Silence',
    'SoundFile',
    'SoundReader',
    'VideoTrack',
    'check_channel',
    'in_shard',
    'open_sound',
]
