"""Speech to text as a service."""
