"""How the frames of face clips are stored."""
