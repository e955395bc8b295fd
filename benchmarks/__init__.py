"""The benchmark suite. Timings live here, never in tests."""
