"""The containers: what is demanded, what is open, and that they run what `make up` runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from safetynet.home import CHECKOUT
from safetynet.orchestrate.services import COMPONENTS

TEXT = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if name != "metadata"}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
GIVEN = {"SAFETYNET_POSTGRES_PASSWORD": "x", "SAFETYNET_AIRFLOW_SECRET": "x"}


def test_every_component_of_make_up_is_a_service_and_no_other() -> None:
    commands = {tuple(service["command"][1:]) for service in OURS.values()}
    assert commands == {*COMPONENTS, ("db", "migrate")}
    assert {service["command"][0] for service in OURS.values()} == {"safetynet.orchestrate.component"}


def test_every_variable_has_a_default_or_is_demanded_by_name() -> None:
    found = {match["name"]: match["rest"] for match in VARIABLE.finditer(TEXT)}
    assert found
    assert {name for name, rest in found.items() if rest.startswith(":?")} == set(GIVEN)
    assert {name for name, rest in found.items() if not re.fullmatch(r":-.+|:\?.+", rest)} == set()


def test_every_variable_is_in_the_example_which_sets_no_secret() -> None:
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))
    assert {match["name"] for match in VARIABLE.finditer(TEXT)} - {"SAFETYNET_IMAGE"} <= named
    assert re.findall(r"^(\w+)=", example, re.MULTILINE) == ["SAFETYNET_ENV_FILE"]


def test_only_the_pages_are_open_and_only_on_the_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(ports) == ["api-server"]
    assert all(port.startswith("127.0.0.1:") for port in ports["api-server"])


def test_services_run_as_a_person_over_the_home_and_tell_whether_they_are_well() -> None:
    for name, service in OURS.items():
        assert service["user"] != "root", name
        assert any(volume.endswith(":/var/lib/safetynet") for volume in service["volumes"]), name
        assert service["environment"]["SAFETYNET_HOME"] == "/var/lib/safetynet", name
        assert name == "init" or service["healthcheck"]["test"][0] == "CMD", name
    assert "healthcheck" in SERVICES["metadata"]


def test_image_is_built_from_the_lock_and_does_not_run_as_root() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert any("-r requirements.lock" in line for line in lines)
    assert lines.index("USER safetynet") > max(number for number, line in enumerate(lines) if line.startswith("COPY"))
    copied = {name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]}
    kept = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept
    assert all((CHECKOUT / name).exists() for name in copied)


def compose_client() -> list[str]:
    """The client of this machine, empty where there is none."""
    for client in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(client[0]) and subprocess.run([*client, "version"], capture_output=True).returncode == 0:
            return client
    return []


@pytest.mark.elsewhere
@pytest.mark.skipif(not compose_client(), reason="no compose client on this machine")
def test_the_client_reads_it_and_names_what_is_missing() -> None:
    command = [*compose_client(), "config"]
    whole = subprocess.run(command, cwd=CHECKOUT, env=os.environ | GIVEN, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    assert set(yaml.safe_load(whole.stdout)["services"]) == set(SERVICES)
    for name in GIVEN:
        others = {other: value for other, value in (os.environ | GIVEN).items() if other != name}
        refused = subprocess.run(command, cwd=CHECKOUT, env=others, capture_output=True, text=True)
        assert refused.returncode != 0
        assert name in refused.stderr
