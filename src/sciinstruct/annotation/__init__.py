"""Prompts, the self-reflection loop, and the engine that drives it."""
