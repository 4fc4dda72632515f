"""One Airflow component of a set that runs apart: `python -m safetynet.orchestrate.component scheduler …`.

Its settings are those of `make up`; Airflow's own variables that the environment states (database, secret, addresses)
go before. `python -m safetynet.orchestrate.component healthy scheduler` asks the API server whether it is alive.
"""

from __future__ import annotations

import os
import sys

from safetynet.home import Home
from safetynet.orchestrate.services import is_healthy
from safetynet.orchestrate.settings import environment


def main(arguments: list[str]) -> bool:
    """Become the component that the arguments name; asked whether one is healthy, say so."""
    stated = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW__")}
    settings = os.environ | environment(Home.from_environment()) | stated
    if arguments[0] != "healthy":
        os.execve(sys.executable, [sys.executable, "-m", "airflow", *arguments], settings)  # noqa: S606  (our own program)
    url = settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].removesuffix("/execution/")
    return is_healthy(url, arguments[1])


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
