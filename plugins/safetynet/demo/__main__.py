"""`python -m safetynet.demo`: write a demonstration county."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from safetynet.demo.drop import AS_OF, generate


def main() -> None:
    """Read the options and write the county."""
    parser = argparse.ArgumentParser(prog="python -m safetynet.demo", description="Write a demonstration county.")
    parser.add_argument("--inbox", type=Path, required=True, help="folder that gets one folder for each feed")
    parser.add_argument("--reference", type=Path, required=True, help="folder for the two reference tables")
    parser.add_argument("--truth", type=Path, help="folder for what is true of it (default: not written)")
    parser.add_argument("--households", type=int, default=5000, help="registered households (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=20250630, help="the same seed gives the same bytes")
    parser.add_argument("--mess", type=float, default=0.03, help="rate of cells that go wrong (default: %(default)s)")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help="date of the drop (%(default)s)")
    parser.add_argument(
        "--months", type=int, default=1, help="months of deliveries, the last as of --as-of (%(default)s)"
    )
    options = parser.parse_args()
    generate(
        options.inbox,
        options.reference,
        options.truth,
        households=options.households,
        seed=options.seed,
        mess=options.mess,
        as_of=options.as_of,
        months=options.months,
    )


if __name__ == "__main__":
    main()
