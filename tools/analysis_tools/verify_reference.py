"""Compare the models of this package and its plugins with a folder of reference numbers.

Prints one JSON line per quantity: {"case", "quantity", "max_abs_diff" or "max_rel_diff", "tolerance", "ok"}. The exit
status is 1 if anything is out of tolerance, or a case that was asked for cannot be built or has no state.

Example: python tools/analysis_tools/verify_reference.py tests/data/golden
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from mmavf.cli.program import run_program
from mmavf.errors import ConfigError, MMAVFError

ROOT = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        'folder', type=Path, help='folder with manifest.json and the CASE.*.pth files, or with tables CASE.json'
    )
    parser.add_argument('--cases', nargs='+', help='cases to compare (default: all of the folder that are implemented)')
    parser.add_argument(
        '--import',
        dest='modules',
        nargs='+',
        default=[],
        metavar='MODULE',
        help='modules that register further cases, besides projects/*/reference.py',
    )


def load_plugins(modules: list[str]) -> None:
    """Import the modules that register cases: those of `projects`, then the ones asked for.

    Raises:
        ConfigError: A module that was asked for does not exist.
    """
    sys.path.append(str(ROOT))
    for path in sorted(ROOT.glob('projects/*/reference.py')):
        importlib.import_module(f'projects.{path.parent.name}.reference')
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise ConfigError(f'--import {module}: {error}; run from the folder that holds it') from error


def check_case(name: str, manifest: dict, folder: Path) -> bool:
    """Compare one case and print its findings; return whether all are within tolerance."""
    from mmavf.testing.reference import TableCase, find_case, folder_loader

    ok, compared = True, 0
    try:
        case = find_case(name)
        if name not in manifest['cases'] and not isinstance(case, TableCase):
            raise MMAVFError(f'case {name} is not in the manifest')
        for finding in case.check(name, manifest['cases'].get(name, {}), folder_loader(folder)):
            print(json.dumps(finding.as_dict(name)), flush=True)
            ok, compared = ok and finding.ok, compared + 1
        if not compared:
            raise MMAVFError(f'the folder holds nothing to compare {name} with')
    except (MMAVFError, OSError, KeyError, RuntimeError) as error:
        print(f'{name}: {type(error).__name__}: {error}', file=sys.stderr)
        return False
    return ok


def run(args: argparse.Namespace) -> int:
    """Compare the cases asked for, every one of them also after a failure; return 1 if any is not within tolerance."""
    from mmavf.testing.reference import TableCase, case_names, find_case

    load_plugins(args.modules)
    path = args.folder / 'manifest.json'
    manifest = json.loads(path.read_text()) if path.is_file() else dict(cases={})
    tables = {file.stem for file in args.folder.glob('*.json') if file.stem in case_names()}
    there = {*manifest['cases'], *(name for name in tables if isinstance(find_case(name), TableCase))}
    names = args.cases or [name for name in case_names() if name in there]
    if not names:
        raise ConfigError(
            f'{args.folder} has neither a manifest.json with one of the implemented cases nor a table of them: '
            f'{", ".join(case_names())}'
        )
    results = [check_case(name, manifest, args.folder) for name in names]
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
