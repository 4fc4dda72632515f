"""The signals that hold on the day of a drop, found from its accepted rows and their true persons.

An independent statement of the rules in plain data frames, with which a warehouse can be compared. Where a
row cannot be tied to its person by its id number, a reader may reasonably decide otherwise: then a signal
that holds is not certain, and one that does not is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from safetynet.demo.county import COUNTY, POLICY
from safetynet.demo.people import MONITORED, age_on

# parameter_id, division_code (prefix), population, valid_from, valid_to, value: what a platform ships with.
_DEFAULTS = (
    ("monitoring_line", "", "all", "2021-01-01", None, 6000.0),
    ("medical_out_of_pocket", "", "low_income", "2021-01-01", None, 10000.0),
    ("medical_out_of_pocket", "", "other", "2021-01-01", None, 20000.0),
    ("school_age_min", "", "all", "2021-01-01", None, 6.0),
    ("school_age_max", "", "all", "2021-01-01", None, 14.0),
    ("chronic_follow_up_days", "", "all", "2021-01-01", None, 90.0),
    ("water_litres_min", "", "all", "2021-01-01", None, 35.0),
    ("water_guarantee_min", "", "all", "2021-01-01", None, 0.90),
    ("water_round_trip_max", "", "all", "2021-01-01", None, 20.0),
    ("income_fall_share", "", "all", "2021-01-01", None, 0.30),
    ("rigid_spending_share", "", "all", "2021-01-01", None, 0.50),
    ("multi_domain_min", "", "all", "2021-01-01", None, 3.0),
    ("admission_due_days", "", "all", "2021-01-01", None, 30.0),
)
_LOW_INCOME_AID = ("农村低保", "城市低保", "特困分散供养", "特困集中供养", "低保边缘家庭")
RULES = (
    "INC_BELOW_LINE",
    "EDU_NOT_ENROLLED",
    "EDU_DROPPED_OUT",
    "MED_UNINSURED",
    "MED_UNTREATED",
    "MED_CHRONIC_NOT_CONTRACTED",
    "MED_CHRONIC_FOLLOW_UP_OVERDUE",
    "MED_HIGH_OUT_OF_POCKET",
    "HOU_UNSAFE",
    "WAT_UNSAFE",
    "CIV_AID_STOPPED",
    "CIV_NOT_COVERED",
    "EXP_RIGID_SPENDING",
    "MULTI_DOMAIN",
)
"""The rules that fire in a county of one month."""

LATER_RULES = ("INC_FELL", "MON_ADMITTED_NOT_MONITORED", "MON_REMOVED_NEW_SIGNAL")
"""Those that fire as well where there are several: they compare registers, or look back at what was before."""

_DOMAINS = {
    "INC": "income",
    "EDU": "education",
    "MED": "medical",
    "HOU": "housing",
    "WAT": "water",
    "CIV": "assistance",
    "EXP": "expenditure",
    "MON": "monitoring",
}
SCHEMA = {
    "rule_id": pl.String,
    "household_code": pl.String,
    "person_id": pl.Int64,
    "observed_value": pl.Float64,
}


def policy(parameter: str, on: date, population: str = "all", division: str = COUNTY) -> float:
    """The value that holds: longest prefix, then named population, then the newest, then delivered."""
    rows = [(*row, 0) for row in _DEFAULTS] + [(*row[:6], 1) for row in POLICY]
    day = on.isoformat()
    best = max(
        (len(prefix), named != "all", start, delivered, value)
        for parameter_id, prefix, named, start, end, value, delivered in rows
        if parameter_id == parameter
        and division.startswith(prefix)
        and named in ("all", population)
        and start <= day
        and (end is None or day <= end)
    )
    return float(best[-1])


@dataclass(frozen=True)
class Found:
    """holds: rule_id, household_code, person_id, observed_value, is_certain. undecided: the first three."""

    holds: pl.DataFrame
    undecided: pl.DataFrame


def find(rows: dict[str, pl.DataFrame], persons: pl.DataFrame, as_of: date, registers: list[pl.DataFrame]) -> Found:
    """Judge all rules but MON_REMOVED_NEW_SIGNAL, which looks back at the others (`after_removal`).

    rows: by feed, columns as of `mess.Delivered.rows` and `_as_of`. registers: the rows of registry_member of every
    as-of date, in that order.
    persons: person_id, birth_on, person_name.
    """
    return _Judge(rows, persons, as_of, registers).all()


def after_removal(found: dict[date, Found], registers: list[pl.DataFrame]) -> Found:
    """Judge MON_REMOVED_NEW_SIGNAL on the newest of the dates for which the other rules were judged.

    A signal is new to a household where, on a day since the register that first called its risk removed, it did not
    stand; registers as of `find`.
    """
    *days, today = sorted(found)
    states = pl.concat([_monitored(register) for register in registers])
    last_stood = states.filter(~pl.col("is_removed")).group_by("household_code").agg(stood_on=pl.col("_as_of").max())
    removed = (
        states.join(last_stood, on="household_code", how="left", maintain_order="left")
        .filter(pl.col("_as_of") > pl.col("stood_on").fill_null(date.min))
        .group_by("household_code", maintain_order=True)
        .agg(removed_on=pl.col("_as_of").min())
        .join(_monitored(registers[-1]), on="household_code", how="semi", maintain_order="left")
    )
    said = {
        day: pl.concat(
            [
                one.holds.select("rule_id", "household_code", "person_id", "is_certain", stands=pl.lit(value=True)),
                one.undecided.with_columns(is_certain=pl.lit(value=False), stands=pl.lit(value=False)),
            ]
        )
        .filter(pl.col("rule_id") != "MULTI_DOMAIN")
        .with_columns(_subject=pl.coalesce(pl.col("person_id").cast(pl.String), "household_code"))
        for day, one in found.items()
    }
    standing = said[today].join(removed, on="household_code", maintain_order="left")
    # On some day since the removal: surely not, not, or perhaps not.
    is_new: list[tuple[pl.Expr, pl.Expr, pl.Expr]] = []
    for day in days:
        before = said[day].select("rule_id", "_subject", **{f"sure {day}": "is_certain", f"stood {day}": "stands"})
        standing = standing.join(before, on=["rule_id", "_subject"], how="left", maintain_order="left")
        since = pl.col("removed_on") <= day
        stood, sure = pl.col(f"stood {day}"), pl.col(f"sure {day}").fill_null(value=False)
        is_new.append((since & stood.is_null(), since & ~stood.fill_null(value=False), since & ~sure))
    surely, truly, perhaps = (pl.any_horizontal(pl.lit(value=False), *each) for each in zip(*is_new, strict=True))
    judged = (
        standing.group_by("household_code", maintain_order=True)
        .agg(
            observed=("stands" & truly).sum(),
            certain=("is_certain" & surely).any(),
            possible=perhaps.any(),
        )
        .select("household_code", "observed", holds=pl.col("observed") > 0, unsure="possible" & ~pl.col("certain"))
    )
    return _told("MON_REMOVED_NEW_SIGNAL", judged, person=False)


def _monitored(register: pl.DataFrame) -> pl.DataFrame:
    """household_code, _as_of, is_at_risk and is_removed of every household of which a register has an accepted row."""
    watched = pl.col("household_type").first().is_in(MONITORED)
    eliminated = pl.col("risk_eliminated").drop_nulls().first().fill_null(value=False)
    return (
        register.filter(pl.col("_disposition") == "accepted")
        .group_by("household_code", maintain_order=True)
        .agg(pl.col("_as_of").first(), is_at_risk=watched & ~eliminated, is_removed=watched & eliminated)
    )


def _told(rule: str, judged: pl.DataFrame, person: bool) -> Found:
    """A judgement with the columns household_code, _person (where person), observed, holds, unsure."""
    frame = judged.select(
        pl.lit(rule).alias("rule_id"),
        "household_code",
        (pl.col("_person") if person else pl.lit(None, dtype=pl.Int64)).alias("person_id"),
        pl.col("observed").cast(pl.Float64).alias("observed_value"),
        pl.col("holds").fill_null(value=False),
        pl.col("unsure").fill_null(value=False),
    )
    return Found(
        frame.filter("holds").select(*SCHEMA, is_certain=~pl.col("unsure")),
        frame.filter(~pl.col("holds") & pl.col("unsure")).select("rule_id", "household_code", "person_id"),
    )


class _Judge:
    def __init__(
        self, rows: dict[str, pl.DataFrame], persons: pl.DataFrame, as_of: date, registers: list[pl.DataFrame]
    ) -> None:
        self.rows = rows
        self.registers = registers
        self.accepted = {feed: frame.filter(pl.col("_disposition") == "accepted") for feed, frame in rows.items()}
        self.persons = persons
        self.as_of = as_of
        # One row per registered person and household, and what the registry says of both.
        self.members = (
            self.accepted["registry_member"]
            .unique(["_person", "household_code"], keep="first", maintain_order=True)
            .join(
                persons.select(_person="person_id", birth_on="birth_on", true_name="person_name"),
                on="_person",
                maintain_order="left",
            )
        )
        self.homes = self.members.group_by("household_code", maintain_order=True).agg(
            income=pl.col("per_capita_net_income").first() / 100,
            heads=pl.coalesce(pl.col("member_count").first(), pl.len()),
            household_type=pl.col("household_type").first(),
            is_eliminated=pl.col("risk_eliminated").drop_nulls().first(),
            is_unclear=pl.col("risk_eliminated").is_null().any() & pl.col("household_type").first().is_in(MONITORED),
        )
        self.people = self.members.unique("_person", keep="first", maintain_order=True)
        in_two = self.members.filter(pl.col("_person").is_duplicated())["_person"]
        self.unsure_members = pl.concat([self._strangers("registry_member"), in_two]).unique(maintain_order=True)
        self.holds: list[pl.DataFrame] = []
        self.undecided: list[pl.DataFrame] = []

    def all(self) -> Found:
        """Every rule, in the order of RULES."""
        self._income()
        self._not_enrolled()
        self._dropped_out()
        self._uninsured()
        self._major_illness()
        self._chronic()
        self._out_of_pocket()
        self._dwelling()
        self._water()
        self._assistance()
        self._rigid_spending()
        self._income_fell()
        self._admitted()
        self._several_domains()
        return Found(pl.concat(self.holds), pl.concat(self.undecided))

    def _strangers(self, feed: str) -> pl.Series:
        """Persons with an accepted row whose id number is unusable or another person's."""
        mine = self.accepted[feed].filter(~pl.col("_is_whole") | ~pl.col("_agrees"))
        return mine["_person"].unique()

    def _say(self, rule: str, judged: pl.DataFrame, person: bool) -> None:
        """Note a judgement (`_told`)."""
        told = _told(rule, judged, person)
        self.holds.append(told.holds)
        self.undecided.append(told.undecided)

    def _any_member(self, **persons: pl.Series) -> pl.DataFrame:
        """household_code and, for each set of persons, whether one of the household's members is in it."""
        flags = {name: pl.col("_person").is_in(who.implode()) for name, who in persons.items()}
        return (
            self.members.select("household_code", **flags)
            .group_by("household_code", maintain_order=True)
            .agg(*[pl.col(name).any() for name in flags])
        )

    def _home_of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the household_code (null outside the registry) of each `_person`."""
        homes = self.people.select("_person", "household_code")
        return frame.join(homes, on="_person", how="left", maintain_order="left")

    def _income(self) -> None:
        line = policy("monitoring_line", self.as_of)
        self._say(
            "INC_BELOW_LINE",
            self.homes.with_columns(observed="income", holds=pl.col("income") < line, unsure=pl.lit(value=False)),
            person=False,
        )

    def _silence(self, feed: str) -> tuple[pl.Series, pl.Series]:
        """Persons for whom an absence from the feed says nothing, and those for whom that is not sure."""
        held = self.rows[feed].filter(pl.col("_disposition") == "quarantined")
        silent = self._named(held, "person_name").to_list()
        numbers = held.filter(pl.col("_is_whole"))["id_number"]
        silent += self.members.filter(pl.col("id_number").is_in(numbers.implode()))["_person"].to_list()
        stray = self.accepted[feed].filter(~pl.col("_is_whole") | ~pl.col("_agrees"))
        unsure = [
            *self._named(stray, "person_name").to_list(),
            *self._named(stray, "true_name").to_list(),
            *self._named(held, "true_name").to_list(),
            *stray["_person"].to_list(),
        ]
        return pl.Series(silent, dtype=pl.Int64).unique(), pl.Series(unsure, dtype=pl.Int64).unique()

    def _named(self, stray: pl.DataFrame, name: str) -> pl.Series:
        """Registered persons whose name and village (or name, where the row has no village) is on a row."""
        on_rows = stray.select("division_code", person_name="person_name").filter(pl.col("person_name").is_not_null())
        with_village = on_rows.filter(pl.col("division_code").is_not_null()).unique()
        without = on_rows.filter(pl.col("division_code").is_null())["person_name"]
        here = self.members.join(
            with_village,
            left_on=[name, "division_code"],
            right_on=["person_name", "division_code"],
            how="semi",
        )
        anywhere = self.members.filter(pl.col(name).is_in(without.implode()))
        return pl.concat([here["_person"], anywhere["_person"]])

    def _not_enrolled(self) -> None:
        pupils = self.accepted["education_enrollment"]
        newest = pupils["school_term"].max()
        if not isinstance(newest, str):
            return
        began = date(int(newest[:4]), 8, 31)
        age = age_on(pl.col("birth_on"), began)
        silent, unsure = self._silence("education_enrollment")
        low, high = policy("school_age_min", self.as_of), policy("school_age_max", self.as_of)
        judged = self.people.with_columns(observed=age).filter(pl.col("observed").is_between(low, high))
        self._say(
            "EDU_NOT_ENROLLED",
            judged.with_columns(
                holds=~pl.col("_person").is_in(pupils["_person"].implode())
                & ~pl.col("_person").is_in(silent.implode()),
                unsure=pl.col("_person").is_in(pl.concat([unsure, self.unsure_members]).implode()),
            ),
            person=True,
        )

    def _dropped_out(self) -> None:
        pupils = self.accepted["education_enrollment"].filter(pl.col("enrollment_status") == "辍学")
        ledger = self.accepted["education_dropout"]
        left = (
            pl.concat(
                [
                    pupils.select("_person", left_on="status_date"),
                    ledger.select("_person", left_on="dropped_out_on"),
                ]
            )
            .group_by("_person", maintain_order=True)
            .agg(left_on=pl.col("left_on").max(), is_undated=pl.col("left_on").is_null().any())
        )
        back = ledger.filter(pl.col("return_status") == "已劝返").group_by("_person").agg(pl.col("returned_on").max())
        strangers = pl.concat(
            [
                self._strangers("education_dropout"),
                self._strangers("education_enrollment"),
                self.unsure_members,
            ]
        )
        judged = self._home_of(left.join(back, on="_person", how="left", maintain_order="left"))
        returned = (pl.col("returned_on") > pl.col("left_on")).fill_null(value=False)
        self._say(
            "EDU_DROPPED_OUT",
            judged.with_columns(
                observed=pl.lit(None),
                holds=~returned | pl.col("is_undated"),
                unsure=pl.col("_person").is_in(strangers.implode())
                | (pl.col("is_undated") & pl.col("returned_on").is_not_null()),
            ),
            person=True,
        )

    def _uninsured(self) -> None:
        self._say(
            "MED_UNINSURED",
            self.people.with_columns(
                observed=pl.lit(None),
                holds=~pl.col("has_basic_medical_insurance"),
                unsure=pl.col("_person").is_in(self.unsure_members.implode())
                & ~pl.col("has_basic_medical_insurance").fill_null(value=True),
            ),
            person=True,
        )

    def _judge_persons(self, rule: str, feed: str, holds: pl.Expr, unknown: pl.Expr, observed: pl.Expr) -> None:
        """Judge a rule that one row decides, once for each person, with the greatest observed value."""
        strangers = pl.concat([self._strangers(feed), self.unsure_members])
        judged = (
            self.accepted[feed]
            .select("_person", observed=observed, holds=holds, unknown=unknown)
            .group_by("_person", maintain_order=True)
            .agg(
                observed=pl.col("observed").filter("holds").max(),
                holds=pl.col("holds").fill_null(value=False).any(),
                unknown=pl.col("unknown").fill_null(value=False).any(),
            )
        )
        self._say(
            rule,
            self._home_of(judged).with_columns(
                # Where no row of a person fulfils the rule, it holds for nobody whom they are taken for.
                unsure=(pl.col("holds") & pl.col("_person").is_in(strangers.implode()))
                | (~pl.col("holds") & pl.col("unknown")),
            ),
            person=True,
        )

    def _major_illness(self) -> None:
        self._judge_persons(
            "MED_UNTREATED",
            "health_major_illness",
            pl.col("treatment_status") == "未救治",
            pl.lit(value=False),
            pl.lit(None, dtype=pl.Float64),
        )

    def _chronic(self) -> None:
        is_contracted = pl.col("contract_status") == "已签约"
        self._judge_persons(
            "MED_CHRONIC_NOT_CONTRACTED",
            "health_chronic_disease",
            ~is_contracted,
            pl.lit(value=False),
            pl.lit(None, dtype=pl.Float64),
        )
        days = (pl.col("_as_of") - pl.col("last_follow_up_on")).dt.total_days()
        self._judge_persons(
            "MED_CHRONIC_FOLLOW_UP_OVERDUE",
            "health_chronic_disease",
            is_contracted & (days > policy("chronic_follow_up_days", self.as_of)),
            is_contracted & pl.col("last_follow_up_on").is_null(),
            days.cast(pl.Float64),
        )

    def _newest_aid(self) -> pl.DataFrame:
        aid = self.accepted["civil_assistance"]
        return aid.filter(pl.col("month") == aid["month"].max())

    def _low_income(self) -> pl.DataFrame:
        """household_code, is_low_income, is_low_unsure of every registered household."""
        receives = self._newest_aid().filter(
            (pl.col("payment_status") == "在享") & pl.col("assistance_type").is_in(_LOW_INCOME_AID)
        )["_person"]
        strangers = pl.concat([self.unsure_members, self._strangers("civil_assistance")])
        by_person = self._any_member(receives=receives, is_low_unsure=strangers)
        watched = pl.col("household_type").is_in(MONITORED) & ~pl.col("is_eliminated").fill_null(value=False)
        return self.homes.join(by_person, on="household_code").select(
            "household_code",
            is_low_income=watched | pl.col("receives"),
            is_low_unsure=pl.col("is_low_unsure") | pl.col("is_unclear"),
        )

    def _paid(self) -> pl.DataFrame:
        """_person and observed: yuan paid out of pocket in 365 days."""
        first = self.as_of - timedelta(days=364)
        return (
            self.accepted["health_settlement"]
            .filter(pl.col("settled_on").is_between(first, self.as_of))
            .with_columns(sign=pl.col("total_cost").sign())
            .unique(["settlement_id", "sign"], keep="first", maintain_order=True)
            .group_by("_person", maintain_order=True)
            .agg(observed=pl.col("out_of_pocket").sum() / 100)
        )

    def _out_of_pocket(self) -> None:
        paid = self._paid()
        low = policy("medical_out_of_pocket", self.as_of, "low_income")
        other = policy("medical_out_of_pocket", self.as_of, "other")
        # Whether someone outside the registry who receives assistance counts as low income is not laid down.
        helped = self._newest_aid()["_person"]
        strangers = pl.concat([self._strangers("health_settlement"), self.unsure_members])
        judged = self._home_of(paid).join(self._low_income(), on="household_code", how="left", maintain_order="left")
        outside = pl.col("household_code").is_null()
        is_low = pl.col("is_low_income").fill_null(value=False)
        between = (pl.col("observed") >= low) & (pl.col("observed") < other)
        self._say(
            "MED_HIGH_OUT_OF_POCKET",
            judged.with_columns(
                holds=pl.col("observed") >= pl.when(is_low).then(low).otherwise(other),
                unsure=pl.col("_person").is_in(strangers.implode())
                | (between & pl.col("is_low_unsure").fill_null(value=False))
                | (between & outside & pl.col("_person").is_in(helped.implode())),
            ),
            person=True,
        )

    def _judge_homes(self, rule: str, feed: str, judged: pl.DataFrame) -> None:
        """A household rule that rows of heads decide: judged has _person, observed, holds, unknown."""
        strangers = pl.concat([self._strangers(feed), self.unsure_members])
        homes = (
            self._home_of(judged)
            .filter(pl.col("household_code").is_not_null())
            .with_columns(is_stranger=pl.col("_person").is_in(strangers.implode()))
            .group_by("household_code", maintain_order=True)
            .agg(
                observed=pl.col("observed").filter("holds").max(),
                certain=(pl.col("holds") & ~pl.col("is_stranger")).any(),
                holds=pl.col("holds").any(),
                unknown=pl.col("unknown").any(),
            )
        )
        self._say(
            rule,
            homes.with_columns(unsure=(pl.col("holds") & ~pl.col("certain")) | (~pl.col("holds") & pl.col("unknown"))),
            person=False,
        )

    def _dwelling(self) -> None:
        bad = pl.col("safety_grade").is_in(["C", "D"]) & (pl.col("renovation_status") != "已竣工")
        only, lived_in = pl.col("is_only_dwelling"), pl.col("is_lived_in")
        self._judge_homes(
            "HOU_UNSAFE",
            "housing_safety",
            self.accepted["housing_safety"].select(
                "_person",
                observed=pl.lit(None, dtype=pl.Float64),
                holds=(bad & only & lived_in).fill_null(value=False),
                unknown=bad & (only & lived_in).is_null(),
            ),
        )

    def _water(self) -> None:
        newest = (
            self.accepted["water_project"]
            .sort("month", maintain_order=True)
            .unique("project_code", keep="last", maintain_order=True)
            .select(
                "project_code",
                is_bad=(pl.col("quality_result") == "不合格")
                | (pl.col("litres_per_person_day") < policy("water_litres_min", self.as_of)).fill_null(value=False)
                | (pl.col("guarantee_rate") < policy("water_guarantee_min", self.as_of)).fill_null(value=False),
            )
        )
        far = pl.col("round_trip_minutes") > policy("water_round_trip_max", self.as_of)
        supply = self.accepted["water_household"].join(newest, on="project_code", how="left", maintain_order="left")
        self._judge_homes(
            "WAT_UNSAFE",
            "water_household",
            supply.select(
                "_person",
                observed=pl.lit(None, dtype=pl.Float64),
                holds=pl.col("is_bad").fill_null(value=False) | far.fill_null(value=False),
                unknown=pl.lit(value=False),
            ),
        )

    def _assistance(self) -> None:
        aid = self.accepted["civil_assistance"]
        newest = self._newest_aid()
        silent, unsure = self._silence("civil_assistance")
        stopped = newest.filter(pl.col("payment_status") == "停发")["_person"]
        enjoys = newest.filter(pl.col("payment_status") == "在享")["_person"]

        homes = (
            self._any_member(
                is_silent=silent,
                is_unsure=pl.concat([unsure, self.unsure_members]),
                is_stopped=stopped,
                enjoys=enjoys,
                ever=aid["_person"],
            )
            .join(self.homes, on="household_code", maintain_order="left")
            .filter(pl.col("income") < policy("monitoring_line", self.as_of))
        )
        speaks = ~pl.col("is_silent")
        for rule, holds in (
            ("CIV_AID_STOPPED", pl.col("is_stopped") & ~pl.col("enjoys")),
            ("CIV_NOT_COVERED", ~pl.col("ever")),
        ):
            self._say(
                rule,
                homes.with_columns(observed="income", holds=holds & speaks, unsure="is_unsure"),
                person=False,
            )

    def _rigid_spending(self) -> None:
        strangers = pl.concat([self._strangers("health_settlement"), self.unsure_members])
        spent = self._home_of(self._paid()).group_by("household_code").agg(paid=pl.col("observed").sum())
        income = pl.col("income") * pl.col("heads")
        judged = (
            self.homes.join(spent, on="household_code", maintain_order="left")
            .join(self._any_member(unsure=strangers), on="household_code", maintain_order="left")
            .with_columns(
                observed=pl.col("paid") / income,
                holds=pl.col("paid") > policy("rigid_spending_share", self.as_of) * income,
            )
        )
        self._say("EXP_RIGID_SPENDING", judged, person=False)

    def _income_fell(self) -> None:
        """The last change of income that registers state, where it is a fall."""
        income = pl.col("per_capita_net_income")
        stated = pl.concat(
            [
                register.filter((pl.col("_disposition") == "accepted") & income.is_not_null())
                .group_by("household_code", maintain_order=True)
                .agg(income.first(), pl.col("_as_of").first())
                for register in self.registers
            ]
        ).with_columns(earlier=income.shift(1).over("household_code"))
        fallen = (
            stated.filter(income != pl.col("earlier"))
            .unique("household_code", keep="last", maintain_order=True)
            .select(
                "household_code",
                observed=1 - income / pl.col("earlier"),
                holds=income < pl.col("earlier") * (1 - policy("income_fall_share", self.as_of)),
                unsure=pl.lit(value=False),
            )
            .join(self.homes, on="household_code", how="semi", maintain_order="left")
        )
        self._say("INC_FELL", fallen, person=False)

    def _admitted(self) -> None:
        """Checked and admitted, and since then in no register that stands there as monitored, the newest a term later.

        A household of which the newest register has rows, all of them held back, is not missing from it.
        """
        visits = self.accepted.get("verification_result")
        if visits is None:
            return
        newest = self.registers[-1]
        registered_on = newest["_as_of"].max()
        states = [_monitored(register) for register in self.registers]
        until = [*[state["_as_of"].max() for state in states[1:]], date.max]
        listed = (
            pl.concat([state.with_columns(until=pl.lit(end)) for state, end in zip(states, until, strict=True)])
            .filter("is_at_risk")
            .group_by("household_code")
            .agg(listed_until=pl.col("until").max())
        )
        told = newest.filter(pl.col("_disposition") == "accepted")["household_code"]
        held = newest.filter(pl.col("_disposition") == "quarantined")
        known = held.filter(pl.col("household_code").is_not_null())["household_code"]
        homes = self.members.select(_household="_household", _code="household_code").unique("_household")
        stray = held.filter(pl.col("household_code").is_null()).join(homes, on="_household", maintain_order="left")
        ever = pl.concat([state["household_code"] for state in states])
        code = pl.col("household_code")
        judged = (
            visits.filter((pl.col("finding") == "属实") & pl.col("admitted") & code.is_in(ever.implode()))
            .join(listed, on="household_code", how="left", maintain_order="left")
            .filter(pl.col("verified_on") >= pl.col("listed_until").fill_null(date.min))
            .with_columns(observed=(pl.lit(registered_on) - pl.col("verified_on")).dt.total_days())
            .filter(pl.col("observed") > policy("admission_due_days", self.as_of))
            .group_by("household_code", maintain_order=True)
            .agg(pl.col("observed").max())
            .with_columns(is_told=code.is_in(told.implode()))
            .with_columns(
                holds="is_told" | ~code.is_in(known.implode()),
                unsure=~pl.col("is_told") & code.is_in(stray["_code"].implode()),
            )
        )
        self._say("MON_ADMITTED_NOT_MONITORED", judged, person=False)

    def _several_domains(self) -> None:
        """From what the other rules say: as many domains as are certain, as hold, and as a reader may see."""
        said = [
            *[
                frame.select("rule_id", "household_code", "is_certain", holds=pl.lit(value=True))
                for frame in self.holds
            ],
            *[
                frame.select("rule_id", "household_code", is_certain=pl.lit(value=False), holds=pl.lit(value=False))
                for frame in self.undecided
            ],
        ]
        domain = pl.col("rule_id").str.head(3).replace_strict(_DOMAINS)
        least = policy("multi_domain_min", self.as_of)
        counted = (
            pl.concat(said)
            .filter(pl.col("household_code").is_not_null())
            .group_by("household_code", maintain_order=True)
            .agg(
                certain=domain.filter("is_certain").n_unique(),
                observed=domain.filter("holds").n_unique(),
                possible=domain.n_unique(),
            )
        )
        judged = counted.select(
            "household_code",
            "observed",
            holds=pl.col("observed") >= least,
            unsure=(pl.col("possible") >= least) & (pl.col("certain") < least),
        )
        self._say("MULTI_DOMAIN", judged, person=False)
