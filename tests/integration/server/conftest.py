"""The servers that these tests share, and a client."""

from dyna_client import client, served
from serving import server

__all__ = ["client", "served", "server"]
