"""A small bad network on one machine: hosts in namespaces of their own, loss, delay, a bottleneck, a NAT.

    with NetLab(hosts=2, delay=25) as lab:
        lab.set("a-b", loss=5)
        process = subprocess.Popen(lab.command("a", [sys.executable, "-m", "desktop_app.bot", ...]))

links.py      what one directed link does to a packet            (pure: time and chance are passed in)
nat.py        a symmetric NAT for UDP                            (pure)
router.py     from packet in to packets due: links and NATs      (pure)
namespaces.py network namespaces and TUN devices                 (needs root)
switch.py     the loop that moves packets, and its control socket
lab.py        NetLab, for tests: starts and stops the switch in a process of its own
netlab.py     the command line
"""

from __future__ import annotations

from .lab import NetLab, NetLabError, why_unavailable

__all__ = ["NetLab", "NetLabError", "why_unavailable"]
