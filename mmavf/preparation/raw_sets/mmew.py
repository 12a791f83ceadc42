"""MMEW: micro-expressions."""

import re
from collections.abc import Mapping

from mmavf.registry import RAW_SETS

from .micro import MicroSheetSet

NAME = re.compile(r'(S\d\d)-\d\d-\d\d\d')


@RAW_SETS.register_module(name='mmew')
class MMEW(MicroSheetSet):
    """MMEW; ids are the names of its folders, such as S01-01-001: person, emotion, sample."""

    layout = """\
MMEW_Micro_Exp.xlsx                    sheet with the columns Subject, Filename, Onset, Offset, Emotion
                                       (or mmew.xlsx, mmew.csv, or option sheet_file)
S03/happiness/S03-01-002/1.jpg         person, emotion, clip, image; the number is that of the frame
The folders may lie deeper; where the cropped faces lie there too, the options images=FOLDER and cropped=True say which.
Name and columns of the sheet, that its onset counts like the images, and the 90 frames per second are not checked
against the set."""
    fps = 90.0
    tail = 1
    sheet_files = ('MMEW_Micro_Exp.xlsx', 'mmew.xlsx', 'mmew.csv')

    def names_of(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        """See `MicroSheetSet`; the person is in the name of the clip."""
        name = NAME.fullmatch(row['file'])
        if not name:
            raise ValueError(row['file'])
        return name[0], name[1], name[0]
