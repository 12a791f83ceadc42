"""The same as `mmavf fill-folds`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['fill-folds', *sys.argv[1:]]))
