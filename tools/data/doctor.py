"""The same as `mmavf doctor`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['doctor', *sys.argv[1:]]))
