"""Sweeps over cells and depths: which cell, how deep, and how sure one can be."""
