"""The same as `mmavf vis-tsne`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['vis-tsne', *sys.argv[1:]]))
