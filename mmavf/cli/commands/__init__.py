"""One module per sub-command of `mmavf`: `add_arguments(parser)` and `run(args)`; see `mmavf.cli.main`.

What a command needs to run is imported when it runs, so that help and misuse of the command line cost no time.
"""
