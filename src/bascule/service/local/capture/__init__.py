"""Captures packets of a client or a relay, on both sides, into a file that any analyser reads."""
