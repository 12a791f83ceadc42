"""The package as others get it: declared requirements, pinned sets, the wheel, the words in its files."""

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

# The standard library's finds fewer packages on Python 3.10: those without a top_level.txt are missing there.
from importlib_metadata import distributions, packages_distributions
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ('.ci', 'configs', 'docs', 'mmavf', 'projects', 'requirements', 'tests', 'tools')
PYTHONS = ('310', '311', '312', '313')
OPTIONAL = ('compare', 'elan', 'onnx', 'openvino', 'opensmile', 'page', 'readers')  # extras that single commands need
# Machine paths, package registries, options that name one. Spelled so that this file does not match itself.
FORBIDDEN = re.compile(
    r'(?<![\w.])/(?:wor[k]|roo[t]|hom[e]/\w+)/|py[p]i\.|pytho[n]hosted|--(?:extra-)?inde[x]-url|--fin[d]-links'
)


def canonical(name):
    return re.sub(r'[-_.]+', '-', name).lower()


def declared(*names):
    """Requirements of `requirements/<name>.txt`, by canonical name."""
    lines = [line for name in names for line in (ROOT / f'requirements/{name}.txt').read_text().splitlines()]
    parsed = [Requirement(line) for line in lines if line and not line.startswith('#')]
    return {canonical(requirement.name): requirement for requirement in parsed}


def imported_packages(file):
    """Top-level names that a Python file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split('.')[0]


@cache
def tree_files():
    """Files of the project's own folders and of its root."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob('*') if '__pycache__' not in file.parts]
    # in a linked worktree .git is a file
    return [file for file in [*files, *ROOT.glob('*')] if file.is_file() and file.name != '.git']


def undeclared_imports(folders, requirements):
    """Imports under the folders that are neither ours, nor the standard library's, nor of a declared requirement."""
    distributions = packages_distributions()
    files = [file for folder in folders for file in (ROOT / folder).rglob('*.py')]
    sources = [file.relative_to(ROOT) for file in tree_files() if file.suffix == '.py']
    local = {name for file in sources for name in (file.stem, *file.parent.parts)}
    found = {}
    for file in files:
        for name in set(imported_packages(file)) - local - set(sys.stdlib_module_names):
            providers = {canonical(provider) for provider in distributions.get(name, [name])}
            if not providers & set(requirements):
                found.setdefault(name, []).append(str(file.relative_to(ROOT)))
    return found


def test_every_import_of_the_package_is_a_declared_requirement():
    assert undeclared_imports(['mmavf', 'tools', 'configs'], declared('runtime', *OPTIONAL)) == {}


def test_every_import_of_the_tests_is_a_declared_requirement():
    assert undeclared_imports(['tests', 'projects'], declared('runtime', 'tests', 'opensmile', 'readers')) == {}


def test_an_undeclared_import_is_found():
    without_torch = {name: value for name, value in declared('runtime').items() if name != 'torch'}
    assert 'torch' in undeclared_imports(['mmavf'], without_torch)


def pinned(name):
    """Versions of `requirements/constraints-<name>.txt`, by canonical name."""
    lines = (ROOT / f'requirements/constraints-{name}.txt').read_text().splitlines()
    pins = dict(line.split('==') for line in lines if not line.startswith('#'))
    return {canonical(name): version for name, version in pins.items()}


@pytest.mark.parametrize('python', PYTHONS)
def test_constraints_pin_every_requirement_within_its_range(python):
    pins = pinned(f'py{python}')
    for name, requirement in declared('runtime', 'tests', 'docs').items():
        assert name in pins, f'{name} is not pinned for Python {python}'
        assert requirement.specifier.contains(pins[name]), f'{name} {pins[name]} is outside {requirement.specifier}'
    assert pins['opencv-python'] == pins['opencv-contrib-python'], 'both write the folder cv2'


def test_the_lowest_set_is_the_lower_end_of_every_range():
    ends = {
        name: Version(specifier.version)
        for name, requirement in declared('runtime', 'tests', 'docs').items()
        for specifier in requirement.specifier
        if specifier.operator in ('>=', '==')
    }
    lowest = pinned('lowest')
    assert {name: Version(lowest[name]) for name in ends} == ends


def test_both_packages_that_write_the_folder_mmcv_have_one_version():
    assert str(declared('mmcv')['mmcv'].specifier) == str(declared('runtime')['mmcv-lite'].specifier)


def test_every_requirement_has_its_reason_in_the_installation_page():
    section = (ROOT / 'docs/install.md').read_text().split('## Why each package')[1].split('\n## ')[0]
    rows = re.findall(r'^\| ([\w-]+) \| .{10,} \|$', section, flags=re.MULTILINE)
    assert set(declared('runtime', 'tests', 'docs', *OPTIONAL, 'mmcv')) == set(rows)


def test_no_machine_paths_or_package_registries_in_any_file():
    found = []
    for file in tree_files():
        if b'\0' in (content := file.read_bytes()):
            continue
        for number, line in enumerate(content.decode('utf-8').splitlines(), start=1):
            if FORBIDDEN.search(line):
                found.append(f'{file.relative_to(ROOT)}:{number}: {line.strip()}')
    assert not found, '\n'.join(found)


@pytest.fixture(scope='module')
def installed_wheel(tmp_path_factory):
    """A folder with the package installed from a wheel that was built from a copy of the tree."""
    tree, wheels, site = (tmp_path_factory.mktemp(name) for name in ('tree', 'wheels', 'site'))
    for file in tree_files():
        target = tree / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    pip = [sys.executable, '-m', 'pip', '--quiet', '--no-input', '--disable-pip-version-check']
    subprocess.run(
        [*pip, 'wheel', '--no-deps', '--no-index', '--no-build-isolation', '--wheel-dir', wheels, tree], check=True
    )
    (wheel,) = wheels.glob('mmavf-*.whl')
    subprocess.run([*pip, 'install', '--no-deps', '--no-index', '--target', site, wheel], check=True)
    return site


def run_outside(site, folder, code):
    """Run code with the installed wheel first on the path, from a folder outside the tree."""
    environment = {'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(site), 'OMP_NUM_THREADS': '1'}
    command = [sys.executable, '-c', code]
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_wheel_holds_every_module_config_and_tool(installed_wheel):
    for file in tree_files():
        name = file.relative_to(ROOT)
        if name.parts[0] == 'mmavf' and (name.suffix == '.py' or 'static' in name.parts):
            assert (installed_wheel / name).read_bytes() == file.read_bytes()
        if name.parts[0] in ('configs', 'tools'):
            assert (installed_wheel / 'mmavf/.mim' / name).read_bytes() == file.read_bytes()


def test_the_wheel_says_what_it_is(installed_wheel):
    (wheel,) = (found for found in distributions(path=[str(installed_wheel)]) if found.name == 'mmavf')
    described = wheel.metadata
    assert described['Description'] == (ROOT / 'README.md').read_text()
    assert described['Description-Content-Type'] == 'text/markdown'
    assert {'tests', 'docs', *OPTIONAL, 'mmcv', 'mim'} == set(described.get_all('Provides-Extra'))
    pythons = {f'Programming Language :: Python :: {name[0]}.{name[1:]}' for name in PYTHONS}
    assert pythons <= set(described.get_all('Classifier'))
    assert (installed_wheel / 'mmavf/py.typed').exists()


def test_the_wheel_imports_outside_the_tree(installed_wheel, tmp_path):
    printed = run_outside(installed_wheel, tmp_path, 'import mmavf.registry; print(mmavf.__version__, mmavf.__file__)')
    version, file = printed.split(maxsplit=1)
    assert Path(file.strip()) == installed_wheel / 'mmavf/__init__.py'
    assert f"'{version}'" in (ROOT / 'mmavf/version.py').read_text()


def test_the_wheel_brings_the_command_and_scripts_that_run_it(installed_wheel, tmp_path):
    environment = {'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(installed_wheel)}
    texts = [
        subprocess.run([*words, '--help'], cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
        for words in (
            [installed_wheel / 'bin/mmavf', 'train'],
            [sys.executable, installed_wheel / 'mmavf/.mim/tools/train.py'],
        )
    ]
    assert texts[0] == texts[1] and texts[0].startswith('usage: mmavf train ')


def test_every_config_of_the_wheel_loads_outside_the_tree(installed_wheel, tmp_path):
    folder = installed_wheel / 'mmavf/.mim/configs'
    configs = [str(file) for file in folder.rglob('*.py') if '_base_' not in file.parts]
    code = f"""
from mmengine.config import Config
from mmavf.engine.config_file import configs_folder
print(configs_folder())
for file in {configs!r}:
    assert Config.fromfile(file).default_scope == 'mmavf', file
    print(file)
"""
    assert run_outside(installed_wheel, tmp_path, code).splitlines() == [str(folder), *configs]
