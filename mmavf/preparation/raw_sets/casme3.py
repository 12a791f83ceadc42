"""CAS(ME)3, part A: micro-expressions at 30 frames per second."""

from collections.abc import Mapping
from pathlib import Path

from mmavf.errors import RawDataError
from mmavf.registry import RAW_SETS

from .micro import MicroSheetSet

SHEETS = ('v1', 'v2')


@RAW_SETS.register_module(name='casme3')
class CASME3(MicroSheetSet):
    """CAS(ME)3, part A; ids are subject, film, onset and offset, such as spNO.1_b_175_186.

    The apex is not used, so that rows whose apex is their onset, or lies before it, are kept.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        images: See `MicroSet`.
        cropped: See `MicroSet`.
        sheet_file: See `MicroSheetSet`.
        sheet: Version of the sheet, 'v1' or 'v2'; they differ by 58 clips; the list is lists/v1.csv or lists/v2.csv.

    Raises:
        RawDataError: The version does not exist.
    """

    layout = """\
cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx   sheet with the columns Subject, Filename, Onset, Offset, emotion: version v2
                                            by default, ..._v1.xlsx by the option sheet='v1' (or .csv, or
                                            CAS(ME)3_part_A_v2.xlsx, or option sheet_file). The owners give it as .xls:
                                            save it as .xlsx
spNO.1/b/color/175.jpg                      subject, film, image; the number is that of the frame
The folders may lie deeper, in several parts."""
    fps = 30.0
    tail = 3
    folder_per_clip = False

    def __init__(
        self,
        raw: str | Path,
        name: str,
        images: str = '.',
        cropped: bool = False,
        sheet_file: str = '',
        sheet: str = 'v2',
    ) -> None:
        if sheet not in SHEETS:
            raise RawDataError(f'{name}: there is no sheet {sheet!r}; choose from {", ".join(SHEETS)}')
        self.sheet = sheet
        stems = f'cas(me)3_part_A_ME_label_JpgIndex_{sheet}', f'CAS(ME)3_part_A_{sheet}'
        self.sheet_files = [stem + suffix for stem in stems for suffix in ('.xlsx', '.csv', '.xls')]
        super().__init__(raw, name, images, cropped, sheet_file)

    @property
    def list_file(self) -> str:
        """See `RawSet`; each version of the sheet has its own list."""
        return f'lists/{self.sheet}.csv'

    def names_of(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        """See `MicroSheetSet`."""
        subject, film = row['subject'], row['file']
        return f'{subject}_{film}_{row["onset"]}_{row["offset"]}', subject, f'{subject}/{film}/color'
