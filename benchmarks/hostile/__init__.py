"""What must not get through: hand-made attacks with the answer that each has to get, and generated ones by the thousand.

`python -m benchmarks.hostile --url http://127.0.0.1:8000 --requests 10000` runs them against a server.
"""
