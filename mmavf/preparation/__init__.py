"""From the raw files of a data set to face clips, sound and lists.

Data flows one way: a raw set (`raw_sets`) tells which clips there are; of each the face is found and cropped (`faces`),
frames are written (`packs`) and sound beside them; lists, manifest and summary follow from what came of all clips.
"""

from .raw_clip import LeftOut, RawClip, RawIndex

__all__ = ['LeftOut', 'RawClip', 'RawIndex']
