"""Other people's representations of health data, to and from the rows of this package."""
