"""Asks name servers what hosts' names stand for, again and again; in the prober, which reads what strangers send."""
