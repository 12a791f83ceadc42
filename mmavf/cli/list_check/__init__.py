"""What `mmavf check` looks at, counts and finds wrong."""
