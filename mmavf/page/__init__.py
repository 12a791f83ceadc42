"""The page of `mmavf serve`: a visitor's clip goes in, a player with its timeline comes out."""
