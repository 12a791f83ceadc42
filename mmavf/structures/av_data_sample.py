"""What travels beside the tensors of one clip."""

from mmengine.structures import BaseDataElement


class AVDataSample(BaseDataElement):
    """Annotations and origin of one clip.

    Meta information: `sample_id` (str), `index` (entry of the list), `video_path`, `frame_inds` (V, T), `window_sec`
    (V, 2): start and end of each view's window in seconds.

    Data, where the list gives it and the data set is told how to read it: `gt_label`, an int64 scalar tensor (class) or
    float32 (K,) (numbers to regress).
    """
