"""What is wrong in the rows of data files."""
