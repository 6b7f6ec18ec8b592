"""What happens here, told to those whom the configuration names: syslog servers, alerts, SNMP; and clocks compared."""
