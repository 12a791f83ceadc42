"""The same as `mmavf calibrate`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['calibrate', *sys.argv[1:]]))
