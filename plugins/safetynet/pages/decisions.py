"""What people decide about one file: that it is used after all, that it is read again, that it goes back."""

from __future__ import annotations

from typing import Literal

from safetynet.home import Home
from safetynet.pages.batch import File
from safetynet.pages.incidents import NOTE_LENGTH
from safetynet.publish import history
from safetynet.publish.ledger import Ledger

Decision = Literal["release", "returned", "retake"]


class CannotDecide(ValueError):
    """The file is in a state in which this cannot be done, or the reason that it needs was not given."""


def possible(file: File) -> list[Decision]:
    """What can be decided about a file."""
    if file.landing is None or file.deliveries[-1]["verdict"] == "duplicate":
        return []
    return ["release", "returned", "retake"] if file.verdict == "held" else ["returned", "retake"]


def decide(home: Home, store: Ledger, file: File, what: Decision, by: str, text: str) -> str:
    """Do it; returns the address of the page that shows what came of it. Raises CannotDecide."""
    from safetynet.deliver import returned

    if what not in possible(file):
        raise CannotDecide(what)
    delivery_id, why = str(file.deliveries[-1]["delivery_id"]), " ".join(text.split())[:NOTE_LENGTH]
    try:
        match what:
            case "release":
                history.release(store, str(file.batch and file.batch["batch_id"]), why, by)
                return f"file/{delivery_id}"
            case "returned":
                returned.write(home, store, delivery_id)
                return f"file/{delivery_id}/returned"
            case "retake":
                history.retake(store, delivery_id, by)
                return f"feeds?feed={file.contract.feed}"
    except (history.NotHeld, history.NotKnown) as refused:
        raise CannotDecide(what) from refused
