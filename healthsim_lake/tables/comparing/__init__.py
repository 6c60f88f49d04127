"""What differs between two sets of data files."""
