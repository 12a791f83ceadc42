"""SMIC-HS: micro-expressions at 100 frames per second."""

import re

from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .micro import MicroSet, micro_label

NAME = re.compile(r's(?P<subject>\d+)_(?P<emotion>ne|po|sur)_(?P<sample>\d+)')


@RAW_SETS.register_module(name='smic')
class SMIC(MicroSet):
    """SMIC-HS; the class is in the name of a folder; a folder holds onset to offset alone."""

    layout = """\
HS/s01/micro/negative/s01_ne_01/reg_image01.bmp   the folder of a clip names subject, class (ne, po, sur) and sample;
                                                  all its images are used, in the order of their numbers
Only the part HS belongs in it, at any depth; where the cropped faces lie there too, the options images=FOLDER and
cropped=True say which. The folders above that of the clip and the names of images are not checked against the set."""
    fps = 100.0
    tail = 1

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        clips, left_out = [], []
        for name, folder in self.image_folders().items():
            match = NAME.fullmatch(name)
            if not match:
                left_out.append(
                    LeftOut(folder.path, 'the name is not subject_class_sample with the class ne, po or sur')
                )
                continue
            subject, emotion = f's{int(match["subject"]):02d}', match['emotion']
            clips.append(
                RawClip(
                    id=f'{subject}_{emotion}_{int(match["sample"]):02d}',
                    video=folder.path,
                    audio=None,
                    label=micro_label(emotion) or emotion,
                    subject=f'{self.name}_{subject}',
                    fps=self.fps,
                    faces=self.cropped,
                )
            )
        return RawIndex(clips, left_out)
