"""The transaction over all engines: rehearse all, snapshot, apply in order, take back when one fails."""
