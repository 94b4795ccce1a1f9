"""Codes of what goes over the network."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-peer": Code(
        "usage",
        "that is no application entity at an address",
        "AET@HOST:PORT, for example ORTHANC@127.0.0.1:4242",
    ),
    "bad-tls": Code(
        "usage",
        "connections cannot be secured as asked",
        "name PEM files: --tls-cert and --tls-key, --tls-ca for those who are trusted",
    ),
    "port-refused": Code(
        "refused",
        "the system does not let this address be listened to",
        "choose another --port, or stop what listens there",
    ),
    "peer-unreachable": Code(
        "refused",
        "the peer does not answer, or rejects the association",
        "check AET, host and port, and that the peer knows this AET",
    ),
    "not-sendable": Code(
        "reject",
        "a file is no DICOM file with file meta information",
        "send the objects themselves; `rtvol scan` says what a file is",
    ),
    "syntax-not-accepted": Code(
        "reject",
        "the peer does not take objects of this kind, or not in their transfer syntax",
        "let the peer accept them, or send them in another transfer syntax",
    ),
    "store-failed": Code(
        "reject",
        "the peer answered that it did not keep an object, or did not answer",
        "look into the peer's log for the status",
    ),
    "store-warned": Code(
        "warn",
        "the peer kept an object, with a warning",
        "look into the peer's log for the status",
    ),
    "case-waiting": Code(
        "warn",
        "objects that a received case refers to did not come",
        "send them too; or work on it as it is: `rtvol run RECIPE IN/received -o OUT`",
    ),
}
