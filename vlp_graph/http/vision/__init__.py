"""The vision models as services of their own: detect, segment, classify, describe."""
