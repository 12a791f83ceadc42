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

from mmavf.errors import MMAVFError

CASES = dict(avf_pretrain=check_pretrain, avf_finetune=check_audio_visual, maedfer_finetune=check_video)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, help='folder with manifest.json and the CASE.*.pth files')
    parser.add_argument(
        '--cases', nargs='+', help=f'cases to compare; all that are implemented by default: {list(CASES)}'
    )
    return parser.parse_args()


def check_case(name: str, manifest: dict, folder: Path) -> bool:
    """Compare one case, print its findings; True if all are within tolerance."""
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


def main() -> int:
    """Compare the cases asked for; returns the exit status."""
    args = parse_args()
    path = args.folder / 'manifest.json'
    if not path.is_file():
        print(f'{path} is missing: a reference folder has a manifest', file=sys.stderr)
        return 1
    manifest = json.loads(path.read_text())
    names = args.cases or [name for name in manifest['cases'] if name in CASES]
    if not names:
        print(f'{path} has none of the implemented cases {list(CASES)}', file=sys.stderr)
        return 1
    results = [check_case(name, manifest, args.folder) for name in names]  # every case, also after a failure
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
