"""SAMM: micro-expressions at 200 frames per second."""

from collections.abc import Mapping

from mmavf.registry import RAW_SETS

from .micro import MicroSheetSet


@RAW_SETS.register_module(name='samm')
class SAMM(MicroSheetSet):
    """SAMM; ids are the names of its folders, such as 006_1_2."""

    layout = """\
SAMM_Micro_FACS_Codes_v2.xlsx   sheet with the columns Subject, Filename, Onset Frame, Offset Frame, Estimated Emotion
                                (or samm.xlsx, samm.csv, or option sheet_file); rows above them are skipped
006/006_1_2/006_05562.jpg       subject, clip, image; the last number in an image's name is that of the frame
The folders may lie deeper; where the cropped faces lie there too, the options images=FOLDER and cropped=True say which.
Names of the sheet and of the images are not checked against the set."""
    fps = 200.0
    tail = 1
    sheet_files = ('SAMM_Micro_FACS_Codes_v2.xlsx', 'samm.xlsx', 'samm.csv')

    def names_of(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        """See `MicroSheetSet`."""
        subject, _, _ = row['file'].split('_')
        return row['file'], subject, row['file']
