"""The command `mmavf` and the table of its sub-commands."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module

from mmavf.version import __version__

from .program import run_program

# A sub-command `a-b` is the module `commands/a_b.py`, which is imported only when the sub-command is used.
COMMANDS = {
    'train': 'train a model',
    'test': 'test a checkpoint: scores, intervals, predictions',
    'predict': 'predict over time on videos and sound files',
    'extract': 'extract features of the windows of videos and sound files',
    'serve': 'serve a page that predicts on uploaded and recorded clips',
    'cross-validate': 'train and test on every fold or held-out subject',
    'ablate': 'train and test variants of a config, and compare them',
    'prepare': 'make face clips, sound and lists out of raw data',
    'synthetic': 'make the synthetic audio-visual data set',
    'fill-folds': 'fill the fold column of a list',
    'check': 'check lists of clips before training',
    'data-stats': 'measure sound, frames and lengths of the clips of a list',
    'doctor': 'check whether this machine can run a training and reads its data fast enough',
    'browse': 'draw clips as the model gets them',
    'print-config': 'print the resolved config, each value with the file that it comes from',
    'complexity': 'count parameters and operations of a model',
    'eval-metric': 'score saved predictions again',
    'confusion-matrix': 'draw the confusion matrix of saved predictions',
    'vis-reconstruction': 'draw what a pre-training model reconstructs of masked clips',
    'vis-tsne': 'draw the features of a recognizer: t-SNE, coloured by class or value',
    'report': 'write one HTML page about several runs',
    'publish': 'write a checkpoint as a folder that needs neither its config nor trust',
    'calibrate': 'calibrate a published classifier',
    'contribution': 'measure what video and sound contribute to a published model',
    'models': 'show which public weights are known, and convert them',
    'convert': "convert a checkpoint between released names and this package's",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `mmavf`; return its exit status (see `run_program`).

    Args:
        argv: Sub-command and its arguments; None: those of the process.

    Raises:
        SystemExit: By argparse, after help or the version (status 0), or as the command line is misused (status 2).
    """
    argv = sys.argv[1:] if argv is None else argv
    parser = ArgumentParser(
        prog='mmavf',
        description='Audio-visual masked autoencoders for affective facial video.',
        epilog='mmavf COMMAND --help describes a command.',
    )
    parser.add_argument('--version', action='version', version=f'mmavf {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    name = parser.parse_args(argv[:1]).command
    command = import_module(f'mmavf.cli.commands.{name.replace("-", "_")}')
    check = getattr(command, 'check_arguments', None)
    return run_program(command.__doc__, command.add_arguments, command.run, argv[1:], f'mmavf {name}', check)
