"""What every benchmark shares: how sides take turns, how load is made, what is kept of a run, and how it is shown."""
