"""Write the configs and the page of the target data sets from their cards, `mmavf/datasets/targets/cards.py`.

`configs/_base_/targets/` gets the lists, classes and metrics of each target, `configs/finetune/<target>/` the
hyper-parameters of each model size. `docs/targets.md` is the page.

    python tools/misc/write_target_configs.py            # write the files
    python tools/misc/write_target_configs.py --check    # only name those that differ; exit status 1 if there are any
"""

import argparse
import sys


def main() -> int:
    """Write the files, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; name the files that differ')
    check = parser.parse_args().check

    from target_configs import write

    return write(check)


if __name__ == '__main__':
    sys.exit(main())
