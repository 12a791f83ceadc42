"""Annotations and origin of a clip, beside its tensors."""

from mmengine.structures import BaseDataElement


class AVDataSample(BaseDataElement):
    """Annotations and origin of one clip.

    Meta information: `sample_id` (str), `index` (entry of the list), `video_path`, `frame_inds` (V, T), `window_sec`
    (V, 2): start and end of each view's window in seconds; if the list or the data set has them, `audio_path`,
    `subject`, `fold`, `group`, `source` (name of the corpus), and `missing_audio` (whether silence replaces the sound).

    Data, if the list has labels and the data set reads them: `gt_label`, an int64 scalar tensor (class) or float32 (K,)
    (numbers to regress); `gt_score`, float32 (K,), the share of each class if a clip has several or is mixed with
    another: it sums to 1 and takes precedence over `gt_label`.

    Data that a recognizer adds: `pred_score`, float32 (K,), the probability of each class, or `pred_value`, float32
    (K,), the numbers.
    """
