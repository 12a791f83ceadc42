"""Check before a long installation what this machine lacks, and show the one line that fixes it.

Runs on the bare interpreter, with nothing installed:

    python3 tools/misc/check_system.py

Ends with status 0 when the interpreter can make an environment and the libraries that the OpenCV wheels link are there.
"""

import ctypes
import importlib.util
import sys

OLDEST, NEWEST = (3, 10), (3, 13)
# Libraries that wheels link, and the Debian/Ubuntu packages that bring them.
LIBRARIES = {'libGL.so.1': 'libgl1', 'libgthread-2.0.so.0': 'libglib2.0-0', 'libxcb.so.1': 'libxcb1'}


def version_is_supported() -> bool:
    """Return whether there is a tested set of packages for this interpreter."""
    return OLDEST <= sys.version_info[:2] <= NEWEST


def missing_venv_package() -> list[str]:
    """Return the package that brings `python -m venv`, if Debian or Ubuntu left it out."""
    if importlib.util.find_spec('venv') and importlib.util.find_spec('ensurepip'):
        return []
    return [f'python{sys.version_info[0]}.{sys.version_info[1]}-venv']


def missing_libraries() -> dict[str, str]:
    """Return the system libraries that cannot be loaded, as {library: package}."""
    missing = {}
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing[library] = package
    return missing


def main() -> None:
    """Check the interpreter, venv and the libraries; end with one message about everything that is missing."""
    if not version_is_supported():
        found = '.'.join(map(str, sys.version_info[:3]))
        sys.exit(
            f'Python {found} at {sys.executable} is not supported: 3.10 to 3.13 are.\n'
            'Install one of them and name it: make setup PYTHON=python3.12'
        )
    venv, libraries = missing_venv_package(), missing_libraries()
    if venv or libraries:
        lacking = ', '.join([f'the module venv of {sys.executable}'] * len(venv) + list(libraries))
        packages = ' '.join(venv + list(libraries.values()))
        sys.exit(f'This machine lacks {lacking}. As root:\n\n    apt-get update && apt-get install -y {packages}\n')


if __name__ == '__main__':
    main()
