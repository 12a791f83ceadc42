"""Finding, following and cropping of the face of a clip."""

from .box_file import BoxFileDetector
from .cascade import CascadeDetector
from .cropper import FaceCropper, FacePart, Located
from .detector import Face, FaceDetector, NoDetector
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
    'YuNetDetector',
]
