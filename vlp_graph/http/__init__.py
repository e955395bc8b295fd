"""The HTTP face of the graph: formats, limits, errors and routes.

Nothing here runs a model: bytes become a `Turn`, the events of a dialogue become a reply.
"""
