"""Forms: what people send, checked."""
