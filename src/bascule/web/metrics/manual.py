"""The page of the manual about figures for Prometheus; `python -m bascule.web.metrics.manual` prints it."""

import sys
from collections.abc import Iterator
from typing import Final

from bascule.web.metrics.names import METRICS, MOST_SERIES

_INTRODUCTION: Final = f"""\
Made by `python -m bascule.web.metrics.manual`; a test compares. The admin server answers `/metrics` in Prometheus' text
format, to whoever comes from a network that the text names, and to nobody else:

```
system {{
	metrics {{ from 10.2.0.0/24 }}
}}
```

Without that block nothing is there (404). No login is asked for, and nothing but what stands below is told. It is HTTPS:
give Prometheus the admin server's certificate, or that of whoever signed it.

```
scrape_configs:
  - job_name: bascule
    scheme: https
    scrape_interval: 30s
    tls_config: {{ ca_file: bascule.pem, server_name: lb1.example.com }}
    static_configs: [{{ targets: ["10.2.0.10:4433"] }}]
```

[`grafana/bascule.json`](grafana/bascule.json) is a dashboard of these figures: *Dashboards > New > Import*; installed, it
is `/usr/share/bascule/grafana/bascule.json`.

Names and labels stay as they are; later versions add some. Counters count since Bascule started. An answer has
{MOST_SERIES:,} series at most: those of relays come first, then hosts in the order of the text; `bascule_metrics_left_out`
says how many are missing. Labels are names of the text: `relay` (or redirect), `table`, `host` (what people call it),
`address` with its port."""


def page() -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Figures for Prometheus"
    yield ""
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield "| name | type | labels | what it is |"
    yield "|---|---|---|---|"
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


if __name__ == "__main__":
    sys.stdout.write(page())
