"""What travels beside the tensors of one clip."""

from mmengine.structures import BaseDataElement


class AVDataSample(BaseDataElement):
    """Annotations and origin of one clip.

    Meta information: `sample_id` (str), `index` (entry of the list), `video_path`, `frame_inds` (V, T), `window_sec`
    (V, 2): start and end of each view's window in seconds.
    """
