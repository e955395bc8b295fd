"""What a profile needs: memory of each model, places for its replicas, and how many replicas a load wants.

Everything follows from the profile and the models' own config.json; no weight is loaded and no hub is asked.
"""
