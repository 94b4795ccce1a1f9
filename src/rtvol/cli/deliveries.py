"""What a recipe's section `send` asks for: the results of finished cases, sent to its peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.cli.screen import tell

if TYPE_CHECKING:
    from rtvol.batch.store.journal import JournalEntry
    from rtvol.batch.store.layout import Place
    from rtvol.cli.options import Loudness
    from rtvol.net.deliver import Delivery
    from rtvol.net.send import Sending
    from rtvol.recipe.model import Recipe, Send


@dataclass
class Deliveries:
    """Sends results, and remembers which could not be sent.

    Attributes
    ----------
    sendings
        Where to; nowhere when the recipe names nobody.
    failed
        Cases of which a peer has not got everything, and why not.
    """

    sendings: tuple[Sending, ...]
    place: Place
    loudness: Loudness
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe, place: Place, loudness: Loudness) -> Deliveries:
        """Return what a recipe asks for.

        Raises
        ------
        ExtraMissing
            The network's library is not installed.
        UsageError
            `bad-tls`.
        """
        return cls(_sendings(recipe.send), place, loudness)

    def send(self, entry: JournalEntry) -> list[Delivery]:
        """Send what the peers have not got of a finished case, and tell.

        Raises
        ------
        OutputRefused
            What was sent cannot be written down.
        """
        from rtvol.net.deliver import deliver

        if not entry.is_done:
            return []
        results = self.place.cases / entry.folder
        done = [deliver(entry.case, results, self.place.folder, how) for how in self.sendings]
        self.failed.pop(entry.case, None)
        for one in done:
            if not one.is_whole:
                self.failed[entry.case] = one.text
            if (one.sent or not one.is_whole) and not self.loudness.quiet:
                tell(f"{entry.case}: {one.text}")
        return done


def _sendings(send: Send) -> tuple[Sending, ...]:
    if not send.to:
        return ()
    from rtvol.cli.extras import require

    require("net", "recipe, send")
    from rtvol.net.peers import parse_peer
    from rtvol.net.send import Sending
    from rtvol.net.tls import TlsFiles

    cert, key, ca = (
        Path(one) if one else None for one in (send.tls_cert, send.tls_key, send.tls_ca)
    )
    tls = TlsFiles(cert, key, ca).for_sending()
    return tuple(Sending(parse_peer(text), send.aet, tls) for text in send.to)
