"""Who is told what happens here, as System > Alerts and monitoring shows it and its forms write it. Pure."""
