"""A server that a page may ask for things."""

from tests.web.conftest import serve

__all__ = ["serve"]
