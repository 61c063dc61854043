#!/usr/bin/env python3
"""netlab: a small bad network on one machine, for tests and benchmarks.

Makes HOSTS network namespaces (NAME-a, NAME-b, ... at 10.77.0.1, 10.77.0.2, ...), each with one TUN device,
and switches their IPv4 packets in user space, with loss, delay, jitter, a rate limit and a bounded queue on
every directed link. Needs root, /dev/net/tun and the `ip` command (Debian: iproute2). Python 3.11 or newer,
standard library only.

  netlab.py up [--name nl] [--hosts 3] [--loss PCT] [--delay MS] [--jitter MS] [--rate KBIT] [--queue MS]
        runs until SIGTERM or SIGINT, then removes what it made; prints "ready" once the hosts are up
  netlab.py set [--name nl] [LINK] KEY=VALUE ...      change links while it runs
        LINK is a>b (one direction), a-b (both directions) or * (all, the default)
        KEYs: loss (percent), delay, jitter, queue (ms), rate (kbit/s, 0 = unlimited), block (0 or 1)
  netlab.py nat [--name nl] HOST on|off               put HOST behind a symmetric NAT (UDP)
  netlab.py stats [--name nl]                         packets and bytes sent and dropped, per link
  netlab.py run [--name nl] HOST COMMAND ...          run a command on a host (ip netns exec)

Losses and jitter come from a seeded generator (--seed), so that runs can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

if not __package__:  # started as a script: let it find the rest of itself
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.netlab import links, namespaces, router, switch

CONDITION_OPTIONS = ("loss", "delay", "jitter", "rate", "queue")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "set", "nat", "move", "stats", "run"):
        options = verbs.add_parser(verb)
        options.add_argument("--name", default="nl")
        if verb == "up":
            options.add_argument("--hosts", type=int, default=3)
            options.add_argument("--seed", type=int, default=1)
            options.add_argument("--until-stdin-closes", action="store_true")
            for key in CONDITION_OPTIONS:
                default = links.DEFAULT_QUEUE_MS if key == "queue" else 0.0
                options.add_argument(f"--{key}", type=float, default=default)
        elif verb in ("set", "nat", "move"):
            options.add_argument("words", nargs="+")
        elif verb == "run":
            options.add_argument("host")
            options.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def main() -> int:
    """Carry out one verb; 0, or 1 after one sentence on stderr."""
    options = parse()
    try:
        if options.verb == "up":
            values = {key: getattr(options, key) for key in CONDITION_OPTIONS}
            conditions = links.changed(links.Conditions(), values)
            lab = router.Router(options.hosts, seed=options.seed, conditions=conditions)
            switch.Switch(options.name, lab).run(until_stdin_closes=options.until_stdin_closes)
        elif options.verb == "run":
            namespace = switch.namespace_of(options.name, options.host)
            command = namespaces.command(namespace, options.command)
            os.execv(command[0], command)
        else:
            print(json.dumps(switch.ask(options.name, [options.verb, *getattr(options, "words", [])])))
    except (OSError, ValueError) as error:
        print(f"netlab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
