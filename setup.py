import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def read_version():
    """Read the version without importing the package: its dependencies are not there yet at build time."""
    return re.search(r"__version__ = '(.+)'", (ROOT / 'mmavf/version.py').read_text()).group(1)


def read_requirements(name):
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


class BuildWithConfigs(build_py):
    """Put configs and tools into the wheel as `mmavf/.mim`, where OpenMMLab's packages have them."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for name in ('configs', 'tools'):
            target = Path(self.build_lib) / 'mmavf/.mim' / name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns('__pycache__'))


setup(
    name='mmavf',
    version=read_version(),
    description='Audio-visual masked autoencoders for affective facial video, on MMEngine',
    license='Apache-2.0',
    packages=find_packages(include=['mmavf', 'mmavf.*']),
    python_requires='>=3.10,<3.14',
    install_requires=read_requirements('runtime'),
    extras_require={name: read_requirements(name) for name in ('tests', 'docs', 'mim')},
    entry_points={'console_scripts': ['mmavf = mmavf.cli.main:main']},
    cmdclass={'build_py': BuildWithConfigs},
    zip_safe=False,
)
