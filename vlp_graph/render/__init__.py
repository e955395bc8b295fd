"""Files for clusters, each made from a profile: nothing that a profile says is written a second time.

`vlp render WHAT PROFILE` prints one; `vlp check FILE` looks for mistakes in one that was edited.
"""
