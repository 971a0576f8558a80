"""Futures: what may happen, and plans that hold whatever does."""
