"""One training recipe per model. Each module offers `train(out, ...)` and `evaluate(checkpoint)`."""
