"""Packages of `mmavf` import downwards only, and what costs time is imported where it is used."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmavf'

# From the top down, as in docs/architecture.md: each may import those below it.
ROOMS = (
    *(
        'cli',
        'testing',
        'page',
        'apis',
        'visualization',
        'experiments',
        'engine',
        'evaluation',
        'timeline',
        'preparation',
        'faces',
        'datasets',
    ),
    *(
        'models',
        'protocol',
        'lists',
        'structures',
        'registry',
        'checkpoints',
        'synthetic',
        'files',
        'stop_signals',
        'errors',
        'version',
    ),
)

OUTSIDE = ('__init__', '__main__')  # of the package itself


def imports(path: Path, root: Path) -> Iterator[str]:
    """Yield what a file imports, at its top or inside a function, by full name."""
    package = path.relative_to(root.parent).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = '.'.join(package[: len(package) - node.level + 1] if node.level else ())
            module = '.'.join(part for part in (base, node.module) if part)
            yield from (f'{module}.{alias.name}' for alias in node.names)


def upward(root: Path) -> list[str]:
    """Return the imports that lead from a room to one above it, as `file: module`."""
    found = []
    for path in sorted(root.rglob('*.py')):
        room = path.relative_to(root).with_suffix('').parts[0]
        targets = [name for name in imports(path, root) if name.startswith('mmavf.') and room not in OUTSIDE]
        found += [
            f'{path.relative_to(root)}: {name}'
            for name in targets
            if ROOMS.index(name.split('.')[1]) < ROOMS.index(room)
        ]
    return found


def test_every_import_leads_down():
    assert upward(PACKAGE) == []


def test_every_room_is_drawn():
    assert {path.stem for path in PACKAGE.iterdir() if path.suffix == '.py' or path.is_dir()} <= {
        *ROOMS,
        *OUTSIDE,
        '__pycache__',
    }
    drawn = (PACKAGE.parent / 'docs' / 'architecture.md').read_text()
    assert [room for room in ROOMS if f'`{room}' not in drawn] == []


@pytest.mark.parametrize(
    ('text', 'count'),
    [
        ('from mmavf.engine import runner', 1),
        ('def f():\n    import mmavf.engine.runner', 1),
        ('from ..engine.runner import AVFRunner', 1),
        ('from .. import engine', 1),
        ('from ..errors import ClipError\nfrom .layers import x\nimport numpy', 0),
    ],
)
def test_an_import_that_leads_up_is_found(tmp_path, text, count):
    (tmp_path / 'mmavf' / 'models').mkdir(parents=True)
    (tmp_path / 'mmavf' / 'models' / 'a.py').write_text(text)
    assert len(upward(tmp_path / 'mmavf')) == count


def test_an_error_class_is_imported_without_torch():
    code = 'import sys; from mmavf.errors import ClipError; print(*sorted({m.partition(".")[0] for m in sys.modules}))'
    loaded = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.split()
    assert {'torch', 'numpy', 'mmengine', 'matplotlib', 'av'}.isdisjoint(loaded)
    assert 'mmavf' in loaded


@pytest.mark.parametrize('first', ['mmavf', 'mmengine.runner'])
def test_checkpoints_are_read_weights_only_once_the_package_is_imported(tmp_path, first):
    second = 'mmavf' if first != 'mmavf' else 'mmengine.runner'
    code = f"""
import {first}, {second}
from mmengine.runner.checkpoint import _load_checkpoint, load_checkpoint
import pickle, torch
class Bomb:
    def __reduce__(self):
        return print, ('executed',)
torch.save(dict(state_dict=dict(a=Bomb())), 'bomb.pth')
try:
    _load_checkpoint('bomb.pth', map_location='cpu')
except Exception as error:
    print(type(error).__name__)
"""
    ended = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(PACKAGE.parent)),
    )
    assert ended.stdout.splitlines()[-1] == 'CheckpointError' and 'executed' not in ended.stdout, ended.stderr


def test_former_places_are_read_for_one_version():
    with pytest.warns(FutureWarning, match='is now mmavf.checkpoints.safe_globals'):
        from mmavf.engine.safe_globals import load_from_local
    with pytest.warns(FutureWarning, match='is now mmavf.checkpoints.conversion'):
        from mmavf.models.conversion import convert_state_dict
    assert load_from_local.__module__.startswith('mmavf.checkpoints') and callable(convert_state_dict)
