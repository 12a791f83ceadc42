"""MER24 Train&Val: clips of films and series with six emotions, a superset of MER2023's."""

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .matching import by_name, sound_by_name, subfolders, unmatched
from .mer2023 import read_labels

FACES = ('data/face_aligned', 'face_aligned')
VIDEOS = ('video-labeled', 'video')
SOUND = ('data/audio_16k', 'audio_16k', 'audio-labeled_16k')


@RAW_SETS.register_module(name='mer24')
class MER24(RawSet):
    """MER24's Train&Val; aligned faces are used as they are where they lie beside the set."""

    layout = """\
label-disdim.csv                        columns name, discrete (the class) (or train-label.csv, label.csv)
video-labeled/<name>.mp4                the clips (or video/)
data/face_aligned/<name>/               instead: aligned faces as images; they are used as they are (or face_aligned/)
data/audio_16k/<name>.wav               sound; where it is missing, that of the clip (or audio_16k/, audio-labeled_16k/)
Where there is a folder of aligned faces, clips without one in it are left out.
Names of the label file and of folders are not checked against the set."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        path = self.require('label-disdim.csv', 'train-label.csv', 'label.csv')
        labels, left_out = read_labels(path, CARDS[self.name].classes)
        sound, doubles = sound_by_name(self, [self.find(*SOUND), self.find(*VIDEOS)])
        faces = self.find(*FACES)
        if faces:
            videos = subfolders(self, faces)
        else:
            videos, _ = by_name(self, self.files(self.relative(self.require(*VIDEOS, *FACES))))
        left_out += doubles + unmatched([*dict(labels), *(entry.name for entry in left_out)], videos)
        clips = []
        for name, label in labels:
            if name in videos and name not in sound:
                left_out.append(LeftOut(name, 'no source of sound'))
            elif name in videos:
                faces_only = faces is not None
                clips.append(RawClip(id=name, video=videos[name], audio=sound[name], label=label, faces=faces_only))
        return RawIndex(clips, left_out)
