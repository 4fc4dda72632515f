"""A clerk of every department: writes rows into files as the departments deliver them.

    row("registry_member", 3, phone="")         one good row, number 3, with what differs
    table("registry_member", rows)              header and cells, as a person sees them
    csv_file(cells) / xlsx_file({"名单": cells}) / xls_file(cells)  the bytes of a file

Rows are dicts by column name of the contract; row `number` tells people, households and keys apart. All of it lies
in province 99.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter
import xlwt

from safetynet.contract import contracts

FEEDS = tuple(contracts())
COUNTY = "990121000000"
TOWN = "990121100000"
VILLAGE = "990121100201"
OTHER_VILLAGE = "990121100202"
OTHER_COUNTY_VILLAGE = "990122100201"
DIVISIONS = """\
division_code,name,level,parent_code,valid_from,valid_to
990000000000,云岭省,1,,,
990100000000,青溪市,2,990000000000,,
990121000000,松岭县,3,990100000000,,
990121100000,伟溪镇,4,990121000000,,
990121100201,东村,5,990121100000,,
990121100202,西村,5,990121100000,,
990121100299,旧村,5,990121100000,,2020-12-31
990121100298,新村,5,990121100000,2030-01-01,
990121101000,芳溪镇,4,990121000000,,
990121101201,南村,5,990121101000,,
990122000000,柏岭县,3,990100000000,,
990122100000,河口镇,4,990122000000,,
990122100201,北村,5,990122100000,,
"""

Row = dict[str, Any]
Cells = list[list[Any]]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_character(body: str) -> str:
    """The 18th character to the first 17 of an id number (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def an_id(number: int, born: str = "19800101", area: str = "990121", sex: str = "男") -> str:
    """A whole id number; `number` < 500 tells people of one birth date and sex apart, beyond it the date moves."""
    days, serial = divmod(number, 500)
    date = f"{int(born) + days:08d}"
    body = f"{area}{date}{serial * 2 + (1 if sex == '男' else 0):03d}"
    return body + check_character(body)


def name(number: int) -> str:
    """A person's name, another one for every number below 10,000."""
    digits = "零壹贰叁肆伍陆柒捌玖"
    return "萧" + "".join(digits[int(digit)] for digit in f"{number:02d}")


def _person(number: int) -> Row:
    return {"person_name": name(number), "id_number": an_id(number), "division_code": VILLAGE}


_GOOD: dict[str, Callable[[int], Row]] = {
    "registry_member": lambda n: {
        "town_name": "伟溪镇",
        "village_name": "东村",
        "household_code": f"{VILLAGE}{n:06d}",
        "household_type": "脱贫户",
        "identified_on": "2021-06-01",
        "risk_eliminated": "否",
        "main_risk": "因病",
        "relation_to_head": "户主",
        "sex": "男",
        "ethnicity": "汉族",
        "health_status": "健康",
        "has_basic_medical_insurance": "是",
        "member_count": "1",
        "per_capita_net_income": "9000.00",
        "phone": f"139{n:08d}",
    },
    "education_enrollment": lambda n: {
        "id_number": an_id(n, "20130101"),
        "student_number": "G" + an_id(n, "20130101"),
        "sex": "男",
        "birth_date": f"{an_id(n, '20130101')[6:10]}-{an_id(n, '20130101')[10:12]}-{an_id(n, '20130101')[12:14]}",
        "school_code": "9901211005",
        "school_name": "松岭县第五小学",
        "stage": "小学",
        "grade": "5年级",
        "enrollment_status": "在读",
        "status_date": "2025-03-01",
        "guardian_name": "萧父",
        "guardian_id_number": an_id(n, "19820101"),
        "school_term": "2024-2025-2",
    },
    "education_dropout": lambda n: {
        "id_number": an_id(n, "20120101"),
        "school_name": "松岭县第五小学",
        "grade": "5年级",
        "dropped_out_on": "2025-03-01",
        "reason": "厌学",
        "responsible": "李老师",
        "return_status": "劝返中",
    },
    "health_major_illness": lambda n: {
        "illness": "肺癌",
        "icd10_code": "C34.9",
        "diagnosed_on": "2024-01-11",
        "hospital_name": "松岭县人民医院",
        "treatment_status": "已救治",
        "total_cost": "1000.00",
        "basic_insurance_paid": "500.00",
        "major_illness_insurance_paid": "100.00",
        "medical_assistance_paid": "100.00",
        "out_of_pocket": "300.00",
        "updated_on": "2025-06-30",
    },
    "health_chronic_disease": lambda n: {
        "managing_institution": "伟溪镇卫生院",
        "disease": "高血压",
        "contract_status": "已签约",
        "family_doctor": "李医生",
        "contracted_on": "2025-01-09",
        "last_follow_up_on": "2025-04-21",
        "follow_ups_this_year": "2",
        "control_status": "达标",
    },
    "health_settlement": lambda n: {
        "settlement_id": f"JS990121{n:09d}",
        "visit_type": "住院",
        "institution_code": "H5299",
        "institution_name": "松岭县人民医院",
        "diagnosis_code": "I10.x00",
        "diagnosis_name": "高血压",
        "settled_on": "2025-06-02",
        "total_cost": "246.60",
        "basic_insurance_paid": "104.80",
        "major_illness_insurance_paid": "0.00",
        "medical_assistance_paid": "18.50",
        "other_paid": "0.00",
        "out_of_pocket": "123.30",
    },
    "housing_safety": lambda n: {
        "dwelling_code": f"F{VILLAGE}{n:06d}",
        "built_year": "1995",
        "structure": "砖混",
        "floor_area_m2": "120",
        "is_only_dwelling": "是",
        "is_lived_in": "是",
        "safety_grade": "B",
        "assessed_on": "2025-02-07",
        "assessor": "松岭县住建局",
        "renovation_status": "无需改造",
    },
    "water_project": lambda n: {
        "project_code": f"GS{VILLAGE}{n:04d}",
        "project_name": "东村供水工程",
        "division_code": VILLAGE,
        "project_type": "分散供水",
        "population_served": "300",
        "month": "2025-06",
        "quality_result": "合格",
        "litres_per_person_day": "55",
        "guarantee_rate": "95%",
        "outage_days": "0",
    },
    "water_household": lambda n: {
        "project_code": f"GS{VILLAGE}0001",
        "supply_method": "自来水入户",
        "round_trip_minutes": "0",
        "seasonal_shortage": "否",
    },
    "civil_assistance": lambda n: {
        "certificate_number": f"JZ{VILLAGE}{n:06d}",
        "month": "2025-06",
        "applicant_name": name(n),
        "applicant_id_number": an_id(n),
        "relation_to_applicant": "本人",
        "assistance_type": "农村低保",
        "dibao_class": "A",
        "persons_covered": "1",
        "monthly_amount": "380.05",
        "started_month": "2022-03",
        "payment_status": "在享",
    },
    "verification_result": lambda n: {
        "signal_id": f"S{n:010d}",
        "household_code": f"{VILLAGE}{n:06d}",
        "verified_on": "2025-06-20",
        "verified_by": "李干部",
        "finding": "属实",
        "admitted": "是",
        "category": "突发严重困难户",
        "measure": "临时救助",
    },
    "link_decision": lambda n: {
        "person_key": f"p_{n:024x}",
        "other_person_key": f"p_{n + 2**60:024x}",
        "decision": "同一人",
        "decided_on": "2025-06-20",
        "decided_by": "李干部",
    },
}


def row(feed: str, number: int = 1, **cells: Any) -> Row:
    """A row that no rule has anything to say about, but for what `cells` changes."""
    person = _person(number) if contracts()[feed].person else {}
    unknown = cells.keys() - contracts()[feed].columns.keys()
    assert not unknown, f"{feed} has no column {unknown}"
    return {**person, **_GOOD[feed](number), **cells}


def rows(feed: str, count: int, first: int = 1) -> list[Row]:
    """So many good rows of different people and keys."""
    return [row(feed, number) for number in range(first, first + count)]


def table(feed: str, given: Sequence[Mapping[str, Any]], headers: Mapping[str, str | None] | None = None) -> Cells:
    """Header and cells of a feed; `headers` renames columns, and None leaves one out."""
    spelled = {column: contracts()[feed].first_header(column) for column in contracts()[feed].columns}
    spelled |= headers or {}
    kept = [column for column, header in spelled.items() if header is not None]
    return [
        [spelled[column] for column in kept],
        *([each.get(column, "") for column in kept] for each in given),
    ]


def csv_file(cells: Cells, encoding: str = "gb18030", newline: str = "\r\n") -> bytes:
    """A csv as a spreadsheet saves it."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=newline).writerows(cells)
    return text.getvalue().encode(encoding)


def xlsx_file(sheets: Mapping[str, Cells], hidden: Sequence[str] = ()) -> bytes:
    """A workbook: texts as texts, numbers and dates as such, '=…' as text too."""
    stream = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(stream, options) as book:
        for title, cells in sheets.items():
            sheet = book.add_worksheet(title)
            for number, line in enumerate(cells):
                sheet.write_row(number, 0, line)
            if title in hidden:
                sheet.hide()
    return stream.getvalue()


def xls_file(cells: Cells) -> bytes:
    """A workbook of before 2007, with one sheet."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for number, line in enumerate(cells):
        for index, cell in enumerate(line):
            sheet.write(number, index, cell, *([day] if isinstance(cell, dt.date) else []))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zip_file(members: Mapping[str, bytes]) -> bytes:
    """A zip archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return stream.getvalue()


def titled(feed: str, cells: Cells, *titles: str) -> Cells:
    """A table under title rows."""
    return [*([title] + [""] * (len(cells[0]) - 1) for title in titles), *cells]


def file_of(feed: str, given: Sequence[Mapping[str, Any]], headers: Mapping[str, str | None] | None = None) -> bytes:
    """Rows in the feed's own format and encoding, header in the first row."""
    cells = table(feed, given, headers)
    dialect = contracts()[feed].csv
    if dialect is None:
        return xlsx_file({"Sheet1": cells})
    return csv_file(cells, "gb18030" if dialect.encodings[0] == "gb18030" else "utf-8-sig")
