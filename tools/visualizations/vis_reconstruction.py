"""The same as `mmavf vis-reconstruction`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['vis-reconstruction', *sys.argv[1:]]))
