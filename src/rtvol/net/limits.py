"""What one sender may cost the receiver: bytes, time, associations, disk."""

from __future__ import annotations

from dataclasses import dataclass

from rtvol.errors import UsageError

MB = 1_000_000
#: Protocol data units other than those with data (PS3.8 9.3) are no longer than this.
CONTROL_BYTES = 1 << 20
#: The command of a message (PS3.7 6.3) is no longer than this.
COMMAND_BYTES = 1 << 16
#: Messages an association may send ahead of their answers.
AHEAD = 16


@dataclass(frozen=True)
class NetLimits:
    """Limits of a receiver.

    Attributes
    ----------
    pdu_bytes
        Longest protocol data unit asked for, and taken.
    object_bytes
        Largest object.
    held_bytes
        What all associations together may hold in memory.
    associations
        Associations at a time.
    idle_s
        Seconds without a whole protocol data unit after which a sender is given up.
    object_s
        Seconds one object may take.
    free_bytes
        Disk space that is left alone.

    Raises
    ------
    UsageError
        At birth: `bad-call`.
    """

    pdu_bytes: int = 1 << 17
    object_bytes: int = 1000 * MB
    held_bytes: int = 2000 * MB
    associations: int = 10
    idle_s: float = 60.0
    object_s: float = 600.0
    free_bytes: int = 500 * MB

    def __post_init__(self) -> None:
        low = {
            "--max-pdu": self.pdu_bytes >= 1 << 12,
            "--max-object": self.object_bytes > 0,
            "--associations": self.associations > 0,
            "--idle": self.idle_s > 0,
            "--keep-free": self.free_bytes >= 0,
        }
        for flag, is_enough in low.items():
            if not is_enough:
                mend = "a larger number"
                raise UsageError("bad-call", where=flag, seen="too small", mend=mend)
