"""The same as `mmavf train`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['train', *sys.argv[1:]]))
