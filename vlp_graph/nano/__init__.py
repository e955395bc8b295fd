"""The nano world: synthetic scenes whose truth is known, and the recipes that train small checkpoints on it.

Because every box, mask, attribute and relation of a scene is known, anyone can check on a laptop that an
answer is *right*. Only profiles and tests refer to this package; nothing on a served path imports it.
"""
