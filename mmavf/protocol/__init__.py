"""The data that a run is trained, selected and tested on, and their record in checkpoints."""
