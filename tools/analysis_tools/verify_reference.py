"""Compare the models of this package with a folder of reference numbers.

Prints one JSON line per quantity: {"case", "quantity", "max_abs_diff" or "max_rel_diff", "tolerance", "ok"}. The exit
status is 1 if anything is out of tolerance, or a case that was asked for cannot be built or has no state.

Example: python tools/analysis_tools/verify_reference.py tests/data/golden
"""

import argparse
import json
import sys
from pathlib import Path

from reference_finetune import check_audio_visual, check_video
from reference_pretrain import check_pretrain
from reference_runs import folder_loader

from mmavf.cli.program import run_program
from mmavf.errors import ConfigError, MMAVFError

CASES = dict(avf_pretrain=check_pretrain, avf_finetune=check_audio_visual, maedfer_finetune=check_video)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('folder', type=Path, help='folder with manifest.json and the CASE.*.pth files')
    parser.add_argument(
        '--cases', nargs='+', help=f'cases to compare (default: all of the folder that are implemented: {list(CASES)})'
    )


def check_case(name: str, manifest: dict, folder: Path) -> bool:
    """Compare one case and print its findings; return whether all are within tolerance."""
    ok, compared = True, 0
    try:
        if name not in CASES:
            raise MMAVFError(f'case {name} is not implemented here; implemented: {", ".join(CASES)}')
        if name not in manifest['cases']:
            raise MMAVFError(f'case {name} is not in the manifest')
        for finding in CASES[name](manifest['cases'][name], folder_loader(folder)):
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
    path = args.folder / 'manifest.json'
    if not path.is_file():
        raise ConfigError(f'{path} is missing: a reference folder has a manifest')
    manifest = json.loads(path.read_text())
    names = args.cases or [name for name in manifest['cases'] if name in CASES]
    if not names:
        raise ConfigError(f'{path} has none of the implemented cases {list(CASES)}')
    results = [check_case(name, manifest, args.folder) for name in names]
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
