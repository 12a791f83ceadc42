"""The same as `mmavf test`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['test', *sys.argv[1:]]))
