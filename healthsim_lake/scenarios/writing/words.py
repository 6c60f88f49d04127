"""Words that scenarios are named after, and words that say nothing."""

from __future__ import annotations

FORMS = {
    "alcoholic": "alcoholism",
    "alcoholics": "alcoholism",
    "allergic": "allergy",
    "anaemic": "anemia",
    "anemic": "anemia",
    "anxious": "anxiety",
    "arthritic": "arthritis",
    "asthmatic": "asthma",
    "asthmatics": "asthma",
    "autistic": "autism",
    "cancers": "cancer",
    "cancerous": "cancer",
    "cirrhotic": "cirrhosis",
    "demented": "dementia",
    "depressed": "depression",
    "depressive": "depression",
    "diabetic": "diabetes",
    "diabetics": "diabetes",
    "epileptic": "epilepsy",
    "epileptics": "epilepsy",
    "hyperlipidemic": "hyperlipidemia",
    "hypertensive": "hypertension",
    "hypertensives": "hypertension",
    "obese": "obesity",
    "oncologic": "oncology",
    "oncological": "oncology",
    "osteoporotic": "osteoporosis",
    "paediatric": "pediatric",
    "pediatrics": "pediatric",
    "geriatrics": "geriatric",
    "pregnant": "pregnancy",
    "psychotic": "psychosis",
    "schizophrenic": "schizophrenia",
    "septic": "sepsis",
    "smoker": "smoking",
    "smokers": "smoking",
    "strokes": "stroke",
    "vaccinated": "vaccination",
    "vaccines": "vaccination",
}
"""Forms of a word, and the word that a scenario is named after."""

_HEALTHCARE = """
    acute admission allergy ambulatory anemia anxiety arthritis asthma autism cancer cardiac
    cardiology cardiovascular chemotherapy chf chronic ckd claim claims copd covid dementia
    depression diabetes diagnosis diagnoses dialysis discharge drug drugs elderly emergency
    encounter encounters enrollment epilepsy fracture geriatric heart hepatitis hiv hospice
    hospital hyperlipidemia hypertension icu immunization inpatient insulin kidney lab labs liver
    maternity medicaid medicare medication medications member members neonatal obesity oncology
    opioid orthopedic osteoporosis outpatient patient patients pediatric pharmacy pneumonia
    pregnancy prescription prescriptions procedure procedures psychiatric psychosis readmission
    renal respiratory schizophrenia sepsis smoking stroke subject subjects surgery surgical
    telehealth therapy transplant trauma trial trials urgent vaccination veterans vitals alcoholism
    cirrhosis
"""
HEALTHCARE = frozenset(_HEALTHCARE.split())
"""Words that tell scenarios apart, put before all others."""

_EMPTY = """
    about above across add adult adults after age aged ages all also among and another any are
    around at available batch before below between both build but can cohort cohorts could create
    created creating data dataset datasets day days did does each every example few first for from
    full generate generated generating get give given group groups had has have having help her his
    how include including into its just least less like list load long make making many maximum may
    me minimum month months more most much need needs new not now number numbers old older one only
    other our out over per please population random record records sample samples save scenario
    scenarios set sets several should show simple simulate simulated some such synthetic test
    testing than that the their them then there these they this those through total two type types
    under until upon use used using various very want was week weeks well were what when where which
    while who whose will with within without would year years you young younger your yrs exactly
    approximately roughly nearly almost three four five six seven eight nine ten hundred thousand
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing of what a scenario holds: small words, numbers, comparisons, commands."""
