"""What is in a scenario: statistics, summaries, samples."""
