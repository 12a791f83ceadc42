"""From the raw files of a data set to face clips, sound and lists.

Data flows one way: a raw set (`raw_sets`) lists its clips; the face of each is found and cropped (`mmavf.faces`),
frames are written (`packs`) with the sound beside them; lists, manifest and summary follow from the outcomes of all
clips.
"""

from .raw_clip import LeftOut, RawClip, RawIndex

__all__ = ['LeftOut', 'RawClip', 'RawIndex']
