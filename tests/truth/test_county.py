"""A generated county through the whole pipeline, measured against what is true of it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from safetynet import reference
from safetynet.contract import contracts
from safetynet.demo import generate
from safetynet.demo.signals import LATER_RULES, RULES
from safetynet.home import Home
from safetynet.ingest import take_in
from safetynet.land.landing import land
from safetynet.publish.lake import marked
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build

COUNTIES = [
    pytest.param({"households": 600, "seed": 3, "mess": 0.03, "months": 3}, id="3 months, 3% mess"),
    pytest.param({"households": 500, "seed": 2, "mess": 0.12}, id="12% mess"),
]


@pytest.fixture(scope="module", params=COUNTIES)
def county(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a county beside views of what is true: record, person, signal, undecided."""
    root = tmp_path_factory.mktemp("county")
    home = Home(root / "home", root / "inbox", root / "reference")
    generate(home.inbox, home.reference, root / "truth", **request.param)
    store = Ledger(home)
    reference.keep(home, store)
    for feed in contracts():
        for landing_id in land(home, store, feed):
            take_in(home, store, landing_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAFETYNET_HOME", str(home.root))
        build.build(home, store, build.target(home, store))
    with duckdb.connect(str(home.current), read_only=True) as warehouse:
        for name in ("person", "record", "signal", "undecided"):
            warehouse.execute(f"CREATE TEMP VIEW true_{name} AS FROM '{root}/truth/{name}.parquet'")
        files = (f"read_parquet('{home.root}/{kind}/*/*.parquet', union_by_name = true)" for kind in ("lake", "marks"))
        warehouse.execute(f"CREATE TEMP VIEW lake AS {marked(*files)}")
        warehouse.execute("""
            CREATE TEMP TABLE record AS
            SELECT true_record.*, batch.batch_id
            FROM true_record LEFT JOIN quality.batch AS batch
                ON batch.feed = true_record.feed AND batch.source_file = true_record.file_name
        """)
        warehouse.execute("""
            CREATE TEMP TABLE placed AS
            SELECT bridge.person_key, bridge.match_method, record.*
            FROM marts.bridge_source_record AS bridge JOIN record USING (batch_id, row_number)
        """)
        warehouse.execute("""
            CREATE TEMP TABLE found AS
            WITH owner AS (SELECT person_key, mode(person_id) AS person_id FROM placed GROUP BY ALL)
            SELECT signal.rule_id, signal.household_code, owner.person_id
            FROM marts.risk_signal AS signal LEFT JOIN owner USING (person_key)
            WHERE signal.rule_id IN (SELECT rule_id FROM true_signal)
        """)
        yield warehouse


def rows(county: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return county.execute(query).fetchall()


SAME = """
    true_signal.rule_id = found.rule_id
    AND true_signal.person_id IS NOT DISTINCT FROM found.person_id
    AND (true_signal.person_id IS NOT NULL OR true_signal.household_code IS NOT DISTINCT FROM found.household_code)
"""


def test_every_row_of_every_file_is_accounted_for(county: duckdb.DuckDBPyConnection) -> None:
    ((told, kept),) = rows(county, "SELECT (SELECT count(*) FROM true_record), (SELECT count(*) FROM lake)")
    assert told == kept > 5000
    assert rows(county, "SELECT * FROM record WHERE batch_id IS NULL") == []
    assert (
        rows(
            county,
            "SELECT batch_id FROM quality.batch "
            "WHERE rows_received <> rows_accepted + rows_quarantined + rows_duplicate",
        )
        == []
    )


def test_no_row_is_quarantined_wrongly_and_none_let_through(county: duckdb.DuckDBPyConnection) -> None:
    wrong = """
        SELECT record.feed, record.disposition, lake.disposition, count(*)
        FROM record FULL JOIN lake USING (batch_id, row_number)
        WHERE record.disposition IS DISTINCT FROM lake.disposition GROUP BY ALL
    """
    assert rows(county, wrong) == []
    assert {disposition for (disposition,) in rows(county, "SELECT DISTINCT disposition FROM lake")} == {
        "accepted",
        "quarantined",
        "duplicate",
    }


def test_no_key_holds_two_people(county: duckdb.DuckDBPyConnection) -> None:
    assert rows(county, "SELECT person_key FROM placed GROUP BY ALL HAVING count(DISTINCT person_id) > 1") == []


def test_whole_numbers_lead_to_one_key(county: duckdb.DuckDBPyConnection) -> None:
    split = """
        SELECT person_id FROM placed WHERE is_id_whole AND is_id_own
        GROUP BY ALL HAVING count(DISTINCT person_key) > 1
    """
    assert rows(county, split) == []


def test_what_is_left_of_a_number_leads_to_its_person(county: duckdb.DuckDBPyConnection) -> None:
    """Who stands by number in another row; that no link is wrong, the test of the keys says."""
    broken = """
        SELECT count(*) FILTER (match_method = 'linked'), count(*) FROM placed
        WHERE list_has_any(damages, ['id_number:wrong_checksum', 'id_number:trailing_zeros', 'id_number:float_rounded'])
            AND NOT is_id_whole AND person_id IN (SELECT person_id FROM placed WHERE is_id_whole AND is_id_own)
    """
    ((linked, told),) = rows(county, broken)
    assert told > 20
    assert linked >= 0.98 * told


def test_every_certain_signal_is_found(county: duckdb.DuckDBPyConnection) -> None:
    ((certain,),) = rows(county, "SELECT count(*) FROM true_signal WHERE is_certain")
    assert certain > 50
    assert rows(county, f"SELECT * FROM true_signal ANTI JOIN found ON {SAME} WHERE is_certain") == []


def test_no_signal_is_raised_without_cause(county: duckdb.DuckDBPyConnection) -> None:
    alarms = f"""
        SELECT * FROM (SELECT * FROM found ANTI JOIN true_signal ON {SAME}) AS found
        ANTI JOIN true_undecided AS true_signal ON {SAME}
        WHERE person_id IS NULL OR person_id NOT IN (SELECT person_id FROM record WHERE NOT is_id_whole)
    """
    assert rows(county, alarms) == []


def test_every_rule_fires(county: duckdb.DuckDBPyConnection) -> None:
    ((registers,),) = rows(county, "SELECT count(DISTINCT as_of) FROM record WHERE feed = 'registry_member'")
    firing = {*RULES, *(LATER_RULES if registers > 1 else ())}
    assert {rule for (rule,) in rows(county, "SELECT DISTINCT rule_id FROM found")} == firing


def test_rigid_spending_is_what_the_bills_of_a_household_say(county: duckdb.DuckDBPyConnection) -> None:
    spending = """
        SELECT household_key FROM marts.household_profile JOIN marts.dim_household USING (household_key)
        WHERE out_of_pocket_12m / nullif(member_count, 0) > per_capita_net_income / 2
    """
    standing = """
        SELECT household_key FROM marts.risk_signal JOIN marts.dim_household USING (household_key)
        WHERE rule_id = 'EXP_RIGID_SPENDING' AND member_count > 0
    """
    assert len(rows(county, standing)) > 1
    assert sorted(rows(county, standing)) == sorted(rows(county, spending))


def test_several_domains_at_once_are_those_that_stand(county: duckdb.DuckDBPyConnection) -> None:
    several = """
        SELECT household_key FROM marts.risk_signal
        WHERE household_key IS NOT NULL AND rule_id NOT IN ('MULTI_DOMAIN', 'MON_REMOVED_NEW_SIGNAL')
        GROUP BY ALL HAVING count(DISTINCT domain) >= 3
    """
    standing = "SELECT household_key FROM marts.risk_signal WHERE rule_id = 'MULTI_DOMAIN'"
    assert len(rows(county, standing)) > 1
    assert sorted(rows(county, standing)) == sorted(rows(county, several))


def test_every_fact_leads_back_to_its_row(county: duckdb.DuckDBPyConnection) -> None:
    lost = """
        SELECT piece.feed FROM marts.risk_signal, unnest(risk_signal.evidence) AS source (piece)
        ANTI JOIN (SELECT * FROM lake WHERE disposition = 'accepted') AS row
            ON piece.batch_id = row.batch_id AND piece.row_number = row.row_number
    """
    assert rows(county, lost) == []
