"""The demonstration county: a whole county's files as departments deliver them, and what is true of them."""

from safetynet.demo.drop import generate

__all__ = ["generate"]
