"""Rows into a scenario: save, add, upgrade, and what they share."""
