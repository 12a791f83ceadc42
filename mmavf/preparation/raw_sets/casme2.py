"""CASME II: micro-expressions at 200 frames per second."""

from collections.abc import Mapping

from mmavf.registry import RAW_SETS

from .micro import MicroSheetSet


@RAW_SETS.register_module(name='casme2')
class CASME2(MicroSheetSet):
    """CASME II; ids are subject and clip, such as sub01_EP02_01f."""

    layout = """\
CASME2-coding-20140508.xlsx        sheet with the columns Subject, Filename, OnsetFrame, OffsetFrame, Estimated Emotion
                                   (or casme2.xlsx, casme2.csv, or option sheet_file)
sub01/EP02_01f/img46.jpg           subject, clip, image; the last number in an image's name is that of the frame
The folders may lie deeper; where the cropped faces lie there too, the options images=FOLDER and cropped=True say which.
Names of the sheet and of the images are not checked against the set, nor how many of its rows are usable: by published
counts of its classes 156 may be, of which the composite that others test on has 145; which ones is not known."""
    fps = 200.0
    tail = 2
    sheet_files = ('CASME2-coding-20140508.xlsx', 'casme2.xlsx', 'casme2.csv')

    def names_of(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        """See `MicroSheetSet`; the sheet may say 1, 01 or sub01."""
        subject = f'sub{int(row["subject"].lower().removeprefix("sub")):02d}'
        return f'{subject}_{row["file"]}', subject, f'{subject}/{row["file"]}'
