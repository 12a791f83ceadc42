"""The same as `mmavf cross-validate`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['cross-validate', *sys.argv[1:]]))
