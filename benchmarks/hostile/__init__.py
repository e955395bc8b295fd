"""What must not get through: hand-made attacks, each with the answer that it has to get, and generated ones.

`python -m benchmarks.hostile --url http://127.0.0.1:8000 --requests 10000` runs them against a server.
"""
