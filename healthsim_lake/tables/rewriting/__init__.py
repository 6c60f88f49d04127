"""Data files written again: with other columns, other values, or fewer rows."""
