"""Sizes that clients and servers of the benchmark agree on."""

from typing import Final

MESSAGE: Final = 64
"""Bytes of a message on a paced or idle session; its answer is as long."""

PAGE: Final = 1024
"""Bytes of the web server's answer, without its header."""

DESCRIPTORS: Final = 18_000
"""Sessions of one process of a load: a process may open 20,000 descriptors in many containers."""
