"""How a receiver stands: one line, or one JSON document."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtvol.net.gathering import counted
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtvol.net.gathering import Gathering
    from rtvol.net.inbox import Held
    from rtvol.net.listen import Receiver

SCHEMA = "rtvol/receive@1"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Board:
    """What became of each case so far; any thread may look.

    Attributes
    ----------
    states
        By case: `waiting` (for what it refers to), `settling` (until the sender is quiet),
        `complete`, `working`, `delayed` (its results could not be written), or how the recipe
        ended: accept, warn, reject.
    deliveries
        By case: what became of its results.
    """

    receiver: Receiver
    states: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    since: str = field(default_factory=_now)
    cases: Sequence[Gathering] = ()
    others: Sequence[Held] = ()

    def put(self, cases: Sequence[Gathering], others: Sequence[Held]) -> None:
        """Say what has come together, and what has not."""
        with self.lock:
            self.cases, self.others = cases, others
            for one in cases:
                self.states.setdefault(one.name, "settling")

    def mark(self, names: Iterable[str], state: str) -> None:
        """Say how cases stand."""
        with self.lock:
            self.states.update(dict.fromkeys(names, state))

    def line(self) -> str:
        """Return `3 cases: 1 accept, 2 waiting; 96 CT, 3 RTSTRUCT; 1 association`."""
        document = self.document()
        states: dict[str, int] = {}
        for one in document["cases"]:
            states[one["status"]] = states.get(one["status"], 0) + 1
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        parts = [f"{len(document['cases'])} cases{': ' if counts else ''}{counts}"]
        objects = ", ".join(f"{n} {kind}" for kind, n in sorted(document["received"].items()))
        parts += [f"received {objects}"] if objects else []
        parts += [f"{document['associations']} associations"]
        parts += [f"of no case: {document['others']}"] if document["others"] else []
        return "; ".join(parts)

    def document(self) -> dict[str, Any]:
        """Return everything for JSON, without the names of patients."""
        station, traffic = self.receiver.station, self.receiver.traffic
        with traffic.lock:
            received = dict(sorted(traffic.counts.items()))
        with self.lock:
            cases = [
                {
                    "case": one.name,
                    "status": self.states.get(one.name, "settling"),
                    "objects": one.counts,
                    "missing": list(one.missing),
                    "delivery": self.deliveries.get(one.name, ""),
                }
                for one in self.cases
            ]
            others = counted(self.others)
        return {
            "schema": SCHEMA,
            "rtvol": __version__,
            "aet": station.aet,
            "host": station.host,
            "port": self.receiver.port,
            "pid": os.getpid(),
            "since": self.since,
            "at": _now(),
            "associations": self.receiver.associations,
            "received": received,
            "cases": cases,
            "others": others,
        }
