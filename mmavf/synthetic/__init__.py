"""The synthetic audio-visual emotion set: real mp4 files of drawn faces that speak."""
