"""What a scenario is like, without loading it: summary, samples, and how much it holds."""

import tempfile

from healthsim_lake import Lake
from healthsim_lake.formats import synthea

with (
    tempfile.TemporaryDirectory() as folder,
    Lake(folder) as lake,
    synthea.demo_export() as export,
):
    lake.scenarios.save("demo", synthea.read(export))

    summary = lake.scenarios.summary("demo")
    print(f"{summary.name}: {summary.entity_count:,} rows, {summary.token_estimate()} tokens")
    print("ages:      ", summary.statistics["age_range"]["patients"])
    print("encounters:", summary.statistics["encounter_classes"])
    for one in summary.statistics["top_diagnoses"][:3]:
        print("diagnosis: ", one["count"], one["code"], one["description"])

    brief = lake.scenarios.summary("demo", budget=600)  # for a model with little room
    assert brief.token_estimate() <= 600
    assert brief.entity_counts == summary.entity_counts  # counts are never left out

    for row in lake.scenarios.samples("demo", "encounters", count=2, strategy="recent"):
        print("recent:    ", row["admission_time"], row["class_code"])

    usage = lake.scenarios.usage("demo")
    print(f"{usage.files} files, {usage.bytes:,} bytes; the largest is {usage.tables[0].table}")
