"""The specifications' names of what the managers of profiles and journeys return."""

from healthsim_lake.library.executions import JourneyExecution as JourneyExecutionRecord
from healthsim_lake.library.executions import ProfileExecution as ProfileExecutionRecord
from healthsim_lake.library.records import (
    JourneyRecord,
    JourneySummary,
    ProfileRecord,
    ProfileSummary,
)

ExecutionRecord = ProfileExecutionRecord

__all__ = [
    "ExecutionRecord",
    "JourneyExecutionRecord",
    "JourneyRecord",
    "JourneySummary",
    "ProfileExecutionRecord",
    "ProfileRecord",
    "ProfileSummary",
]
