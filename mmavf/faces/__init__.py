"""Detecting, following and cropping of faces."""

from .box_file import BoxFileDetector
from .cascade import CascadeDetector
from .choice import choose_tracks
from .cropper import FaceCropper, FacePart, Located
from .detector import Face, FaceDetector, NoDetector
from .one_face import OneFace, follow_one_face
from .yunet import YuNetDetector

__all__ = [
    'BoxFileDetector',
    'CascadeDetector',
    'Face',
    'FaceCropper',
    'FaceDetector',
    'FacePart',
    'Located',
    'NoDetector',
    'OneFace',
    'YuNetDetector',
    'choose_tracks',
    'follow_one_face',
]
