"""Columns as exports of different years have them."""

import pytest

from healthsim_lake.formats import synthea


def first_row(export_of, rows_of, name, text):
    export = synthea.read(export_of({name: text}))
    (table,) = export.tables
    return rows_of(export)[table][0]


def test_the_patients_of_2017_have_no_city(export_of, rows_of):
    row = first_row(
        export_of,
        rows_of,
        "patients.csv",
        "ID,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,"
        "ETHNICITY,GENDER,BIRTHPLACE,ADDRESS\n"
        "p1,1946-12-14,,999-12-2377,S99962866,false,Mrs.,Ann,Lee,,Ray,M,white,irish,F,Millbury MA,"
        "2502 Fisher Manor Boston MA 02132\n",
    )
    assert row["id"] == row["mrn"] == "p1"
    assert row["street_address"] == "2502 Fisher Manor Boston MA 02132"
    assert "city" not in row


def test_the_patients_of_2024_have_a_middle_name_fips_and_income(export_of, rows_of):
    row = first_row(
        export_of,
        rows_of,
        "patients.csv",
        "Id,BIRTHDATE,FIRST,MIDDLE,LAST,COUNTY,FIPS,ZIP,INCOME\n"
        "p1,1950-01-02,Ann,Bea,Lee,Suffolk County,01001,02115,52000\n",
    )
    assert (row["middle_name"], row["county_fips"], row["income"]) == ("Bea", "01001", "52000")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "encounters.csv",
            "ID,DATE,PATIENT,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION\ne1,2015-01-02,p1,1,a,,\n",
            {"encounter_id": "e1", "admission_time": "2015-01-02", "patient_mrn": "p1"},
        ),
        (
            "encounters.csv",
            "Id,START,STOP,PATIENT,PROVIDER,PAYER,ORGANIZATION,CODE\ne1,s,t,p1,d1,y1,o1,1\n",
            {"provider_id": "d1", "payer_id": "y1", "organization_id": "o1"},
        ),
        (
            "procedures.csv",
            "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,COST\n2015-01-02,p1,e1,1,a,5.00\n",
            {"start_time": "2015-01-02", "base_cost": "5.00"},
        ),
        (
            "procedures.csv",
            "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST\ns,t,p1,e1,S,1,a,5.00\n",
            {"start_time": "s", "end_time": "t", "code_system": "S", "base_cost": "5.00"},
        ),
        (
            "providers.csv",
            "Id,ORGANIZATION,NAME,SPECIALITY,ENCOUNTERS,PROCEDURES,NPI\nd1,o1,A,GP,3,4,9999900299\n",
            {"specialty": "GP", "encounter_count": "3", "procedure_count": "4"},
        ),
        (
            "payer_transitions.csv",
            "PATIENT,START_YEAR,END_YEAR,PAYER,OWNERSHIP\np1,1990,1995,y1,Self\n",
            {"start_year": "1990", "end_year": "1995", "plan_ownership": "Self"},
        ),
        (
            "payer_transitions.csv",
            "PATIENT,MEMBERID,START_YEAR,END_YEAR,PAYER\np1,m1,2014-10-14T04:17:47Z,,y1\n",
            {"start_date": "2014-10-14T04:17:47Z", "end_date": None, "member_id": "m1"},
        ),
        (
            "payer_transitions.csv",
            "PATIENT,START_DATE,END_DATE,PAYER,PLAN_OWNERSHIP,OWNER_NAME\np1,a,b,y1,Self,Ann Lee\n",
            {"start_date": "a", "end_date": "b", "owner_name": "Ann Lee"},
        ),
        (
            "claims.csv",
            "Id,PATIENTID,SERVICEDATE\nc1,p1,2023-01-27T16:17:47Z\n",
            {"service_time": "2023-01-27T16:17:47Z"},
        ),
        (
            "claims.csv",
            "Id,PATIENTID,SERVICEDATE\nc1,p1,2023-01-27\n",
            {"service_date": "2023-01-27"},
        ),
        (
            "patient_expenses.csv",
            "PATIENT_ID,YEAR,PAYER_ID,HEALTHCARE_EXPENSES\np1,2020,y1,5.00\n",
            {"patient_mrn": "p1", "year": "2020", "healthcare_expenses": "5.00"},
        ),
    ],
)
def test_a_column_of_any_year_finds_its_field(export_of, rows_of, name, text, expected):
    row = first_row(export_of, rows_of, name, text)
    assert {key: row[key] for key in expected} == expected


def test_observations_without_categories_go_by_code(export_of, rows_of):
    text = (
        "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS\n"
        "d,p1,e1,8302-2,Body Height,170,cm\n"
        "d,p1,e1,2339-0,Glucose,99,mg/dL\n"
        "d,p1,e1,99999-9,Zinc [Mass/volume] in Serum,1,ug/dL\n"
        "d,p1,e1,72166-2,Tobacco smoking status NHIS,Never smoker,\n"
        "d,p1,,445585000,Quality adjusted life years,40,years\n"
    )
    rows = rows_of(synthea.read(export_of({"observations.csv": text})))

    assert [row["height_cm"] for row in rows["vital_signs"]] == ["170"]
    assert [row["loinc_code"] for row in rows["lab_results"]] == ["2339-0", "99999-9"]
    assert [row["code"] for row in rows["observations"]] == ["72166-2", "445585000"]
    assert "value_type" not in rows["observations"][0]


def test_an_old_export_misses_files_but_no_error_is_raised(export_of, rows_of):
    export = synthea.read(export_of({"patients.csv": "ID,BIRTHDATE\np1,1950-01-02\n"}))
    rows_of(export)
    assert "claims.csv" in export.report.missing_files
    assert "patient_expenses.csv" not in export.report.missing_files
