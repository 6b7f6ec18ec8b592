"""The processes that Bascule runs as: parent, probe, proxy, web."""
