"""The commit log and what is true: records, actions, snapshots, transactions."""
