"""`python -m safetynet.demo`: write a demonstration county into a home, and answer the signals that came of it."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from safetynet.demo.answer import answer
from safetynet.demo.drop import AS_OF, generate
from safetynet.home import Home
from safetynet.land import inbox as arrived


def main() -> int:
    """Read the options and write; returns 0, 1 where there is nothing to answer or the inbox is not empty."""
    home = Home.from_environment()
    parser = argparse.ArgumentParser(prog="python -m safetynet.demo", description="Write a demonstration county.")
    parser.add_argument("--inbox", type=Path, help="folder that gets one folder for each feed (default: the home's)")
    parser.add_argument("--reference", type=Path, help="folder for the two reference tables (default: the home's)")
    parser.add_argument("--truth", type=Path, help="folder for what is true of it (default: not written)")
    parser.add_argument("--households", type=int, default=5000, help="registered households (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=20250630, help="the same seed gives the same bytes")
    parser.add_argument("--mess", type=float, default=0.03, help="rate of cells that go wrong (default: %(default)s)")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help="date of the last drop (%(default)s)")
    parser.add_argument("--months", type=int, default=1, help="months of deliveries (default: %(default)s)")
    parser.add_argument(
        "--answer", action="store_true", help="write no county, but answer open signals of the home's warehouse"
    )
    options = parser.parse_args()
    inbox, reference = options.inbox or home.inbox, options.reference or home.reference
    if options.answer:
        return 0 if home.current.is_file() and answer(home.current, inbox, seed=options.seed) else 1
    if not options.inbox and arrived.files(inbox):
        sys.stderr.write(f"The inbox is not empty · 收件目录不是空的: {inbox}\n")
        return 1
    generate(
        inbox,
        reference,
        options.truth,
        households=options.households,
        seed=options.seed,
        mess=options.mess,
        as_of=options.as_of,
        months=options.months,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
