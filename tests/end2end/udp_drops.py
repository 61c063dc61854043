"""What the kernel threw away of a process's datagrams because nobody read them in time: the machine's loss."""

from __future__ import annotations

from pathlib import Path

INODE, DROPS = 9, 12
"""Columns of /proc/PID/net/udp (Linux, Documentation/networking/proc_net_tcp.rst; drops is the last one)."""


def dropped_datagrams(pid: int) -> int:
    """By the UDP sockets that the process has open now, since they were opened."""
    sockets = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(each.readlink())
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            sockets.add(target.removeprefix("socket:[").removesuffix("]"))
    total = 0
    for name in ("udp", "udp6"):
        table = Path(f"/proc/{pid}/net/{name}")
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            columns = line.split()
            if columns[INODE] in sockets:
                total += int(columns[DROPS])
    return total
