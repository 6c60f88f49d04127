"""Statistics and samples of data files."""
