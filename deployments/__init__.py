"""One module per Ray Serve deployment; `graph` composes them into the application."""
