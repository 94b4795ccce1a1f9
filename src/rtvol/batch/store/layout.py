"""Names in an output folder, and which part of the cases a shard is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

RUN_NAME = "run.json"
#: What became of every file below the paths of the last call.
FILES_NAME = "files.json"
RECORD_NAME = "record.json"
CURVES_NAME = "curves.parquet"
CASES, JOURNALS, LOCKS, DRAFTS = "cases", "journal", "locks", "drafts"


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1) of `count` of the cases, told apart by a hash of their names.

    Raises
    ------
    UsageError
        At birth: `bad-call`.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            seen, mend = f"{self.number}/{self.count}", "k/n with k from 1 to n: 3/16"
            raise UsageError("bad-call", where="--shard", seen=seen, mend=mend)

    @property
    def label(self) -> str:
        """Name of its journal and its lock: `all`, `3-of-16`."""
        return "all" if self.count == 1 else f"{self.number}-of-{self.count}"

    def holds(self, case: str) -> bool:
        """Whether a case of this name is worked on by this shard."""
        digest = hashlib.sha256(case.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1

    def overlaps(self, label: str) -> bool:
        """Whether a shard of that label may hold cases of this one too."""
        _, _, count = label.partition("-of-")
        return label == self.label or count != str(self.count)


def parse_shard(text: str) -> Shard:
    """Read `3/16`.

    Raises
    ------
    UsageError
        `bad-call`.
    """
    number, _, count = text.partition("/")
    try:
        return Shard(int(number), int(count))
    except UsageError:
        raise
    except ValueError:
        mend = "k/n with k from 1 to n: 3/16"
        raise UsageError("bad-call", where="--shard", seen=text, mend=mend) from None


@dataclass(frozen=True)
class Place:
    """An output folder, as one shard sees it."""

    folder: Path
    shard: Shard = Shard()

    @property
    def run(self) -> Path:
        """The file that says what the run is."""
        return self.folder / RUN_NAME

    @property
    def cases(self) -> Path:
        """Folder of the finished cases."""
        return self.folder / CASES

    @property
    def journal(self) -> Path:
        """The shard's journal."""
        return self.folder / JOURNALS / f"{self.shard.label}.jsonl"

    @property
    def lock(self) -> Path:
        """The shard's lock."""
        return self.folder / LOCKS / f"{self.shard.label}.json"

    @property
    def drafts(self) -> Path:
        """The shard's unfinished folders."""
        return self.folder / DRAFTS / self.shard.label
