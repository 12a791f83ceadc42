"""The checks of `mmavf check`: groups of clips, their counts, and what is wrong with them."""
