"""One module per sub-command of `mmavf`: `add_arguments(parser)`, `run(args)`, and `check_arguments(args)` if needed.

See `run_program`. What a command needs to run is imported when it runs, so that help and misuse cost no time.
"""
