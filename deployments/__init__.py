"""One module per Ray Serve deployment; `graph` composes them into the application."""

NAME = "vlp"
"""The application's name in Ray Serve."""
