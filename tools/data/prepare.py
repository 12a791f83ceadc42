"""The same as `mmavf prepare`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['prepare', *sys.argv[1:]]))
