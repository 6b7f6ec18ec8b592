"""The admin server as a plan has it: listening sockets, certificates, and the web process behind them."""
