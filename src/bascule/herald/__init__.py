"""Tells others' machines what happens here, in processes without rights: syslog, mail, webhooks, SNMP."""
