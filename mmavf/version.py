"""Version of the package, and of the software that results depend on."""

__version__ = '0.2.0'


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries that decide what is decoded and computed."""
    import platform

    import av
    import cv2
    import mmengine
    import numpy
    import scipy
    import soundfile
    import torch
    import torchaudio

    libraries = dict(torch=torch, torchaudio=torchaudio, mmengine=mmengine, numpy=numpy, scipy=scipy, av=av, opencv=cv2)
    return dict(
        mmavf=__version__,
        python=platform.python_version(),
        **{name: str(library.__version__) for name, library in libraries.items()},
        ffmpeg=av.ffmpeg_version_info,
        soundfile=soundfile.__version__,
    )
