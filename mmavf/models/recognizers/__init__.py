"""Models of the downstream stages."""

from .avf_recognizer import AVFMAERecognizer, RecognizerOutput

__all__ = ['AVFMAERecognizer', 'RecognizerOutput']
