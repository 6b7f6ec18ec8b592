"""The rules of the firewall, as nftables has them: where each stands is in ADR 0012."""
