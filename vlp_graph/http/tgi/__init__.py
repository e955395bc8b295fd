"""The surface of Text Generation Inference 1.0.3, and SageMaker's two routes."""
