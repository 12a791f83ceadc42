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


EXTRAS = {
    name: read_requirements(name)
    for name in ('tests', 'docs', 'compare', 'elan', 'onnx', 'openvino', 'opensmile', 'page', 'readers', 'mmcv')
}

setup(
    name='mmavf',
    version=read_version(),
    description='Audio-visual masked autoencoders for affective facial video, on MMEngine',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='affective computing, emotion recognition, facial expression, micro-expression, masked autoencoder, '
    'self-supervised learning, audio-visual, MMEngine',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    packages=find_packages(include=['mmavf', 'mmavf.*']),
    package_data={'mmavf': ['py.typed', 'page/static/*']},
    python_requires='>=3.10,<3.14',
    install_requires=read_requirements('runtime'),
    # `mim` is the name that `mmcv` had in version 0.1; it goes with the next one.
    extras_require={**EXTRAS, 'mim': EXTRAS['mmcv']},
    entry_points={'console_scripts': ['mmavf = mmavf.cli.main:main']},
    cmdclass={'build_py': BuildWithConfigs},
    zip_safe=False,
)
