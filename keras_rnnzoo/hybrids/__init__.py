"""Recurrence with what goes well beside it: convolution, attention, transformer blocks."""

__all__ = []
