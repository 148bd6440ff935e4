"""The version of the package: that of Cordyna itself."""

__version__ = "0.1.0"
