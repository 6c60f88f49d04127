"""Make `catalog/demo`: a small export in Synthea's CSV layout, of people who never lived.

    python tools/make_demo_export.py [FOLDER]

The same bytes at every run. Nothing in it comes from Synthea itself. Codes are real: SNOMED CT for
conditions, encounters and procedures, RxNorm for drugs, LOINC for observations, CVX for vaccines,
FIPS for counties. Names, addresses and numbers are invented: social security numbers start with
999, which is never issued, and telephone numbers have the exchange 555.
"""

from __future__ import annotations

import csv
import random
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import demo_vocabulary as words
from demo_vocabulary import Code

SEED = 20250630
TODAY = date(2025, 6, 30)
FOLDER = Path(__file__).resolve().parent.parent / "catalog" / "demo"
ADULT, MEDICARE_AGE = 18, 65
VACCINE_COST = 140.52
BASE_COSTS = {"wellness": 136.8, "ambulatory": 85.55, "urgentcare": 146.18}

T = TypeVar("T")


@dataclass(frozen=True)
class Group:
    """A kind of people: how many, how old, how often they come, and their HbA1c in percent."""

    size: int
    ages: tuple[int, int]
    visits: int
    a1c: tuple[float, float]
    illness: Code | None = None


GROUPS = (
    Group(20, (58, 86), 3, (7.4, 9.6), words.DIABETES),
    Group(6, (45, 75), 2, (5.8, 6.3), words.PREDIABETES),
    Group(26, (20, 80), 1, (4.9, 5.5)),
    Group(8, (3, 15), 1, (4.9, 5.5)),
)


@dataclass
class Person:
    """What a person's visits have to agree with; lengths in cm, the kidneys' eGFR in mL/min."""

    id: str
    woman: bool
    born: date
    payer: int
    conditions: list[Code]
    height: float
    bmi: float
    kidneys: float
    a1c: float
    died: date | None = None
    expenses: float = 0.0
    coverage: float = 0.0

    def age(self, day: date) -> int:
        """Return full years at `day`."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@dataclass
class Visit:
    """An encounter while it is written down; `number` counts a person's visits from 0."""

    id: str
    person: Person
    start: datetime
    number: int
    clinic: int
    costs: float = 0.0

    @property
    def time(self) -> str:
        """The start as Synthea writes it."""
        return stamp(self.start)

    @property
    def day(self) -> str:
        """The day of the start."""
        return self.start.date().isoformat()

    @property
    def age(self) -> int:
        """The person's age on the day."""
        return self.person.age(self.start.date())

    @property
    def links(self) -> dict[str, str]:
        """The columns by which clinical rows point here."""
        return {"PATIENT": self.person.id, "ENCOUNTER": self.id}


@dataclass
class Tally:
    """Sums that organizations, clinicians and payers report in the end."""

    encounters: int = 0
    procedures: int = 0
    covered: float = 0.0
    uncovered: float = 0.0
    people: set[str] = field(default_factory=set)


def stamp(moment: datetime) -> str:
    """Return a time as Synthea writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def what(code: Sequence[object]) -> dict[str, object]:
    """Return the columns that say what a row is about."""
    return {"CODE": code[0], "DESCRIPTION": code[1]}


def why(code: Code) -> dict[str, object]:
    """Return the columns that give the reason."""
    return {"REASONCODE": code.code, "REASONDESCRIPTION": code.name}


class Draw:
    """Seeded chance."""

    def __init__(self, seed: int) -> None:
        # Only `random()` is used: its sequence for a seed is the same in every Python release.
        self._random = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        """Return a number, all equally likely."""
        return low + (high - low) * self._random()

    def around(self, middle: float, spread: float) -> float:
        """Return a number near `middle`, never further away than twice `spread`."""
        return middle + spread * (sum(self._random() for _ in range(4)) - 2)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`."""
        return choices[int(self._random() * len(choices))]

    def word(self, text: str) -> str:
        """Return one of the words of `text`."""
        return self.pick(text.split())

    def chance(self, probability: float) -> bool:
        """Return whether something happens."""
        return self._random() < probability

    def id(self) -> str:
        """Return a UUID."""
        number = 0
        for _ in range(4):
            number = number << 32 | int(self._random() * 2**32)
        return str(uuid.UUID(int=number, version=4))


class Maker:
    """Draws people and writes down what happens to them."""

    def __init__(self) -> None:
        self.headers = {name: header.split() for name, header in words.HEADERS.items()}
        self.rows: dict[str, list[list[object]]] = {name: [] for name in self.headers}
        self._draw = Draw(SEED)
        self._clinics = [self._draw.id() for _ in words.CLINICS]
        self._clinicians = [self._draw.id() for _ in words.CLINICS]
        self._payers = [self._draw.id() for _ in words.PAYERS]
        self._by_clinic = [Tally() for _ in words.CLINICS]
        self._by_payer = [Tally() for _ in words.PAYERS]

    def make(self) -> None:
        """Write all tables."""
        for group in GROUPS:
            for _ in range(group.size):
                self._live(self._person(group), group)
        self._write_clinics()
        self._write_payers()

    def _row(self, table: str, **cells: object) -> None:
        row = [cells.pop(column, "") for column in self.headers[table]]
        if cells:
            raise KeyError(f"{table} has no columns {sorted(cells)}")
        self.rows[table].append(row)

    # People

    def _person(self, group: Group) -> Person:
        draw = self._draw
        age = draw.whole(*group.ages)
        woman = draw.chance(0.52)
        conditions = self._conditions(group, age)
        obese, kidneys = words.OBESITY in conditions, words.KIDNEY_DISEASE in conditions
        height, bmi = draw.around(162 if woman else 175, 6), draw.around(32 if obese else 25.5, 1.9)
        if age < ADULT:
            height, bmi = 78 + 6.2 * age, draw.around(16.5, 1.2)
        other = (words.MEDICAID, words.PRIVATE, words.PRIVATE, words.UNINSURED)
        return Person(
            id=draw.id(),
            woman=woman,
            born=date(TODAY.year - age - 1, draw.whole(7, 12), draw.whole(1, 28)),
            payer=words.MEDICARE
            if age >= MEDICARE_AGE
            else draw.pick(other[: 4 if age > ADULT else 3]),
            conditions=conditions,
            height=round(height, 1),
            bmi=bmi,
            kidneys=draw.around(46, 7) if kidneys else draw.around(92, 14),
            a1c=draw.between(*group.a1c),
        )

    def _conditions(self, group: Group, age: int) -> list[Code]:
        chance = self._draw.chance
        if age < ADULT:
            return [words.ASTHMA] if chance(0.4) else []
        diabetic = group.illness is words.DIABETES
        found = [group.illness] if group.illness else []
        often = 0.7 if diabetic else 0.01 * (age - 20)
        found += [c for c in (words.HYPERTENSION, words.HYPERLIPIDEMIA) if chance(often)]
        found += [words.OBESITY] if chance(0.6 if diabetic else 0.2) else []
        if diabetic:
            found += [c for c in (words.KIDNEY_DISEASE, words.RETINOPATHY) if chance(0.3)]
        return found

    def _write_person(self, person: Person) -> None:
        draw, place = self._draw, self._draw.pick(words.PLACES)
        names = words.WOMEN if person.woman else words.MEN
        adult = person.age(TODAY) >= ADULT
        married = adult and draw.chance(0.6)
        prefix = ("Mrs." if married else "Ms.") if person.woman else "Mr."
        self._row(
            "patients",
            Id=person.id,
            BIRTHDATE=person.born,
            DEATHDATE=person.died or "",
            SSN=f"999-{draw.whole(10, 99)}-{draw.whole(0, 9999):04d}",
            DRIVERS=f"S999{draw.whole(0, 99999):05d}" if adult else "",
            PREFIX=prefix if adult else "",
            FIRST=draw.word(names),
            MIDDLE=draw.word(names) if draw.chance(0.7) else "",
            LAST=draw.word(words.FAMILIES),
            MAIDEN=draw.word(words.FAMILIES) if person.woman and married else "",
            MARITAL="" if not adult else "M" if married else draw.pick("SD"),
            RACE=draw.pick(words.RACES),
            ETHNICITY="hispanic" if draw.chance(0.15) else "nonhispanic",
            GENDER="F" if person.woman else "M",
            BIRTHPLACE=f"{draw.pick(words.PLACES).city}, Massachusetts, US",
            ADDRESS=f"{draw.whole(1, 980)} {draw.word(words.STREETS)} Street",
            CITY=place.city,
            STATE="Massachusetts",
            COUNTY=place.county,
            FIPS=place.fips,
            ZIP=place.zip_code,
            LAT=f"{place.lat + draw.between(-0.02, 0.02):.6f}",
            LON=f"{place.lon + draw.between(-0.02, 0.02):.6f}",
            HEALTHCARE_EXPENSES=f"{person.expenses:.2f}",
            HEALTHCARE_COVERAGE=f"{person.coverage:.2f}",
            INCOME=draw.whole(18, 140) * 1000 if adult else 0,
        )

    # Visits

    def _live(self, person: Person, group: Group) -> None:
        draw = self._draw
        clinic = draw.whole(0, 2)
        if words.DIABETES in person.conditions and draw.chance(0.15):
            person.died = TODAY - timedelta(days=draw.whole(1, 110))
        weeks = 8 if person.died else 23
        for number in range(group.visits):
            # The last visit is this year's; the years before had one each.
            day = date(TODAY.year - group.visits + number + 1, 1, 4)
            day += timedelta(days=draw.whole(0, 7 * weeks))
            self._regular(self._visit(person, day, number, clinic))
            clinic = words.DIABETES_CENTER if words.DIABETES in person.conditions else clinic
        if draw.chance(0.2):
            day = date(TODAY.year - 1, 7, 1) + timedelta(days=draw.whole(0, 170))
            self._sick(self._visit(person, day, group.visits, words.URGENT_CARE))
        self._write_person(person)

    def _visit(self, person: Person, day: date, number: int, clinic: int) -> Visit:
        start = datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
        start += timedelta(seconds=self._draw.whole(0, 8 * 3600))
        return Visit(self._draw.id(), person, start, number, clinic)

    def _regular(self, visit: Visit) -> None:
        if not visit.number:
            self._diagnose(visit)
            self._allergy(visit)
        self._vital_signs(visit)
        if visit.age >= ADULT:
            self._laboratory(visit)
        self._procedures(visit)
        self._vaccines(visit)
        if visit.number:
            self._close(visit, "ambulatory", words.FOLLOW_UP, visit.person.conditions[0])
        else:
            code = words.CHECKUP if visit.age >= ADULT else words.WELL_CHILD
            self._close(visit, "wellness", code, words.NONE)

    def _sick(self, visit: Visit) -> None:
        illness = self._draw.pick(words.ILLNESSES)
        healed = visit.start.date() + timedelta(days=self._draw.whole(7, 21))
        cells = {"START": visit.day, "STOP": healed, "SYSTEM": words.SNOMED}
        self._row("conditions", **cells, **visit.links, **what(illness))
        fever = f"{self._draw.between(37.2, 38.9):.1f}"
        self._observe(visit, "vital-signs", words.TEMPERATURE, (fever, "Cel"))
        self._close(visit, "urgentcare", words.SYMPTOM, illness)

    def _diagnose(self, visit: Visit) -> None:
        person = visit.person
        for condition in person.conditions:
            cells = {"START": visit.day, "SYSTEM": words.SNOMED}
            self._row("conditions", **cells, **visit.links, **what(condition))
            if condition in words.DRUGS:
                self._prescribe(visit, condition)
        if words.DIABETES in person.conditions:
            plan = {**what(words.SELF_MANAGEMENT), **why(words.DIABETES)}
            span = {"START": visit.day, "STOP": person.died or ""}
            self._row("careplans", Id=self._draw.id(), **span, **visit.links, **plan)
            if self._draw.chance(0.1):
                udi = f"(01)0{self._draw.whole(10**12, 10**13 - 1)}(21){self._draw.whole(1, 10**9)}"
                pacemaker = what(words.PACEMAKER)
                self._row("devices", START=visit.time, **visit.links, **pacemaker, UDI=udi)

    def _prescribe(self, visit: Visit, condition: Code) -> None:
        drug = words.DRUGS[condition]
        died = visit.person.died
        dispenses = max(((died or TODAY) - visit.start.date()).days // 90, 1)
        self._row(
            "medications",
            **visit.links,
            **what(drug),
            **why(condition),
            START=visit.time,
            STOP=f"{died}T00:00:00Z" if died else "",
            PAYER=self._payers[visit.person.payer],
            BASE_COST=f"{drug.cost:.2f}",
            PAYER_COVERAGE=f"{drug.cost * words.PAYERS[visit.person.payer].share:.2f}",
            DISPENSES=dispenses,
            TOTALCOST=f"{drug.cost * dispenses:.2f}",
        )

    def _allergy(self, visit: Visit) -> None:
        if not self._draw.chance(0.2):
            return
        code, system, name, kind, category = self._draw.pick(words.ALLERGENS)
        cells = {"START": visit.day, "SYSTEM": system, "TYPE": kind, "CATEGORY": category}
        reactions = {
            "REACTION1": words.ITCHING.code,
            "DESCRIPTION1": words.ITCHING.name,
            "SEVERITY1": "MILD",
        }
        if self._draw.chance(0.4):
            reactions["REACTION2"], reactions["DESCRIPTION2"] = words.RASH
            reactions["SEVERITY2"] = "MODERATE"
        self._row("allergies", **visit.links, **what((code, name)), **cells, **reactions)

    def _observe(self, visit: Visit, category: str, code: Code, measured: tuple[str, str]) -> None:
        value, unit = measured
        kind = "numeric" if unit else "text"
        cells = {"DATE": visit.time, "CATEGORY": category, "TYPE": kind}
        self._row("observations", **visit.links, **what(code), **cells, VALUE=value, UNITS=unit)

    def _vital_signs(self, visit: Visit) -> None:
        draw, person = self._draw, visit.person
        bmi = person.bmi - 0.4 * visit.number
        pressure = 138.0 - 5 * visit.number if words.HYPERTENSION in person.conditions else 118
        systolic = draw.around(pressure if visit.age >= ADULT else 102, 8)
        signs = {
            words.SYSTOLIC: (f"{systolic:.0f}", "mm[Hg]"),
            words.DIASTOLIC: (f"{systolic * 0.64:.0f}", "mm[Hg]"),
        }
        if visit.number != 1:
            signs[words.WEIGHT] = (f"{bmi * (person.height / 100) ** 2:.1f}", "kg")
            signs[words.BMI] = (f"{bmi:.1f}", "kg/m2")
        if not visit.number:
            signs[words.HEIGHT] = (f"{person.height:.1f}", "cm")
            signs[words.HEART_RATE] = (f"{draw.around(74, 8):.0f}", "/min")
        for code, measured in signs.items():
            self._observe(visit, "vital-signs", code, measured)
        if not visit.number and visit.age >= ADULT:
            answer = "Never smoked tobacco" if draw.chance(0.7) else "Ex-smoker"
            self._observe(visit, "survey", words.SMOKING, (answer, ""))

    def _laboratory(self, visit: Visit) -> None:
        draw, person = self._draw, visit.person
        treated = 0.7 * visit.number if words.DIABETES in person.conditions else 0.0
        a1c = draw.around(person.a1c - treated, 0.1)
        # The mean glucose that goes with an HbA1c: ADAG study, Diabetes Care 31:1473 (2008).
        glucose = draw.around(28.7 * a1c - 46.7, 8)
        self._observe(visit, "laboratory", words.A1C, (f"{a1c:.1f}", "%"))
        self._observe(visit, "laboratory", words.GLUCOSE, (f"{glucose:.1f}", "mg/dL"))
        if words.DIABETES in person.conditions:
            egfr = draw.around(person.kidneys - visit.number, 3)
            self._observe(visit, "laboratory", words.EGFR, (f"{egfr:.1f}", "mL/min"))
        if words.HYPERLIPIDEMIA in person.conditions and visit.number != 1:
            ldl = draw.around(152 - 24 * visit.number, 10)
            self._observe(visit, "laboratory", words.LDL, (f"{ldl:.1f}", "mg/dL"))

    def _procedures(self, visit: Visit) -> None:
        if words.DIABETES in visit.person.conditions:
            reason = words.DIABETES
            code = (words.RECONCILIATION, words.FOOT_EXAM, words.EYE_EXAM)[visit.number]
        elif visit.age >= ADULT and self._draw.chance(0.5):
            code, reason = words.DEPRESSION_SCREENING, words.NONE
        else:
            return
        cost = round(self._draw.between(80, 420), 2)
        visit.costs += cost
        self._by_clinic[visit.clinic].procedures += 1
        stop = stamp(visit.start + timedelta(minutes=self._draw.whole(8, 15)))
        cells = {"START": visit.time, "STOP": stop, "SYSTEM": words.SNOMED}
        about = {**visit.links, **what(code), **why(reason)}
        self._row("procedures", **cells, **about, BASE_COST=f"{cost:.2f}")

    def _vaccines(self, visit: Visit) -> None:
        vaccines = [words.FLU] if self._draw.chance(0.4) else []
        if not visit.number and visit.age < ADULT:
            vaccines.append(words.HEPATITIS_B)
        if not visit.number and visit.age >= MEDICARE_AGE:
            vaccines.append(words.PNEUMOCOCCAL)
        for vaccine in vaccines:
            visit.costs += VACCINE_COST
            cells = {"DATE": visit.time, "BASE_COST": VACCINE_COST}
            self._row("immunizations", **visit.links, **what(vaccine), **cells)

    def _close(self, visit: Visit, kind: str, code: Code, reason: Code) -> None:
        person, payer = visit.person, words.PAYERS[visit.person.payer]
        total = round(BASE_COSTS[kind] + visit.costs, 2)
        covered = round(total * payer.share, 2)
        person.expenses += total - covered
        person.coverage += covered
        for tally in (self._by_clinic[visit.clinic], self._by_payer[person.payer]):
            tally.encounters += 1
            tally.covered += covered
            tally.uncovered += total - covered
            tally.people.add(person.id)
        self._row(
            "encounters",
            **what(code),
            **why(reason),
            Id=visit.id,
            START=visit.time,
            STOP=stamp(visit.start + timedelta(minutes=self._draw.whole(16, 60))),
            PATIENT=person.id,
            ORGANIZATION=self._clinics[visit.clinic],
            PROVIDER=self._clinicians[visit.clinic],
            PAYER=self._payers[person.payer],
            ENCOUNTERCLASS=kind,
            BASE_ENCOUNTER_COST=f"{BASE_COSTS[kind]:.2f}",
            TOTAL_CLAIM_COST=f"{total:.2f}",
            PAYER_COVERAGE=f"{covered:.2f}",
        )
        self._claim(visit, reason if reason.code else code, total - covered)

    def _claim(self, visit: Visit, diagnosis: Code, owed: float) -> None:
        unpaid = owed > 0 and self._draw.chance(0.1)
        others = visit.person.conditions[1:]
        second = others[0].code if diagnosis in visit.person.conditions and others else ""
        self._row(
            "claims",
            Id=self._draw.id(),
            PATIENTID=visit.person.id,
            PROVIDERID=self._clinicians[visit.clinic],
            PRIMARYPATIENTINSURANCEID=self._payers[visit.person.payer],
            DIAGNOSIS1=diagnosis.code,
            DIAGNOSIS2=second,
            APPOINTMENTID=visit.id,
            SERVICEDATE=visit.time,
            STATUS1="CLOSED",
            STATUSP="BILLED" if unpaid else "CLOSED",
            OUTSTANDING1="0",
            OUTSTANDINGP=f"{owed:.2f}" if unpaid else "0",
            HEALTHCARECLAIMTYPEID1="1",
        )

    # Organizations

    def _write_clinics(self) -> None:
        draw = self._draw
        for i, clinic in enumerate(words.CLINICS):
            place, tally, woman = words.PLACES[clinic.place], self._by_clinic[i], bool(i % 2)
            where = {
                "ADDRESS": f"{draw.whole(1, 300)} {draw.word(words.STREETS)} AVENUE".upper(),
                "CITY": place.city.upper(),
                "STATE": "MA",
                "ZIP": place.zip_code,
                "LAT": f"{place.lat:.4f}",
                "LON": f"{place.lon:.4f}",
            }
            self._row(
                "organizations",
                **where,
                Id=self._clinics[i],
                NAME=clinic.name,
                PHONE=f"{draw.pick(('617', '508', '413'))}555{draw.whole(100, 199):04d}",
                REVENUE=f"{tally.covered + tally.uncovered:.2f}",
                UTILIZATION=tally.encounters,
            )
            first, last = draw.word(words.WOMEN if woman else words.MEN), draw.word(words.FAMILIES)
            self._row(
                "providers",
                **where,
                Id=self._clinicians[i],
                ORGANIZATION=self._clinics[i],
                NAME=f"{first} {last}",
                GENDER="F" if woman else "M",
                SPECIALITY=clinic.specialty,
                ENCOUNTERS=tally.encounters,
                PROCEDURES=tally.procedures,
            )

    def _write_payers(self) -> None:
        for i, payer in enumerate(words.PAYERS):
            tally = self._by_payer[i]
            self._row(
                "payers",
                Id=self._payers[i],
                NAME=payer.name,
                OWNERSHIP=payer.ownership,
                ADDRESS=payer.address,
                CITY=payer.city,
                STATE_HEADQUARTERED=payer.state,
                ZIP=payer.zip_code,
                PHONE="1-800-555-0100" if payer.share else "",
                AMOUNT_COVERED=f"{tally.covered:.2f}",
                AMOUNT_UNCOVERED=f"{tally.uncovered:.2f}",
                REVENUE=f"{tally.covered * 1.1:.2f}",
                COVERED_ENCOUNTERS=tally.encounters if payer.share else 0,
                UNCOVERED_ENCOUNTERS=0 if payer.share else tally.encounters,
                UNIQUE_CUSTOMERS=len(tally.people),
            )


def write_export(folder: Path) -> None:
    """Write all files of the export into `folder`."""
    maker = Maker()
    maker.make()
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in maker.rows.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([maker.headers[name], *rows])


if __name__ == "__main__":
    write_export(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
