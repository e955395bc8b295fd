"""Shared by all tests: nothing here may load a model or start a server."""
