"""The server that these tests share."""

from serving import server

__all__ = ["server"]
