"""A Ray cluster of several nodes on one machine, and what the graph does on it when load and nodes come and go."""
