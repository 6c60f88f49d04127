"""Scenarios out of scenarios: clones, merges, and what was deleted brought back."""
