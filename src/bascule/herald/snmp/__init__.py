"""SNMP: what can be read, who answers, and the traps."""
