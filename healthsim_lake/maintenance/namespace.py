"""`lake.maintenance`: what keeps a lake small, whole and understood."""

from __future__ import annotations

from datetime import timedelta

from healthsim_lake import scenarios
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.maintenance.doctor import Health, examine
from healthsim_lake.maintenance.findings import Verification
from healthsim_lake.maintenance.progress import Progress, counted, silent
from healthsim_lake.maintenance.repair import RepairReport, repair
from healthsim_lake.maintenance.vacuum import Vacuum, VacuumReport, keep
from healthsim_lake.maintenance.verify import verify
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.purging import PurgeReport
from healthsim_lake.tables.committer import Committer


class Maintenance:
    """Look after a lake. Nothing here changes what a version that may be read reads.

    Everything may run while others read and write. `on_progress` is called with what is being
    done, how much of it is done, and how much there is.
    """

    def __init__(self, committer: Committer, entity_types: EntityTypes) -> None:
        self._committer, self._types = committer, entity_types

    def vacuum(
        self,
        *,
        keep_versions: int | None = None,
        older_than: timedelta | None = None,
        dry_run: bool = False,
        on_progress: Progress = silent,
    ) -> VacuumReport:
        """Forget old versions of the lake, and delete the files that only they need.

        Without arguments, what was true within the last seven days stays readable. If both are
        given, a version stays if either wants it. Files of transactions that died are deleted, too,
        once nothing was heard of them for an hour; running ones are never touched.

        Args:
            keep_versions: Keep at least so many of the lake's newest versions.
            older_than: Keep whatever was true within this time.
            dry_run: Only say what would be deleted.
            on_progress: Told how far it got.

        Raises:
            InputError: Less than one version, or a negative time.
            DamagedCommitError: A manifest cannot be read, so what is needed is not known.
        """
        wish = keep(keep_versions, older_than)
        return Vacuum(self._committer, on_progress).run(wish, dry_run=dry_run)

    def compact(self, ref: str | None = None, *, on_progress: Progress = silent) -> dict[str, int]:
        """Join small files into few; no row changes, nor their order, nor the time of change.

        Args:
            ref: Name or id of a scenario; None for all.
            on_progress: Told how far it got.

        Returns:
            How many files fewer each scenario has, by name; those that had few are left out.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        snapshot = self._committer.view()
        chosen = snapshot.records() if ref is None else [snapshot.get(ref).record]
        self._committer.tidy()  # where nothing is to be joined no commit does it
        saved = {
            one.name: self._compact(one) for one in counted(chosen, "joining files", on_progress)
        }
        return {name: fewer for name, fewer in saved.items() if fewer}

    def _compact(self, record: ScenarioRecord) -> int:
        if self._committer.view().find(record.id) is None:
            return 0  # deleted since the list was made
        return scenarios.compact(self._committer, self._types, record.id)

    def verify(
        self, ref: str | None = None, *, deep: bool = True, on_progress: Progress = silent
    ) -> Verification:
        """Check every commit, checksum, reference, count and schema, and whether folders agree.

        Args:
            ref: Name or id of a scenario, perhaps deleted; None for the whole lake.
            deep: Read every byte of every data file; else only look whether it is there, and how
                long it is.
            on_progress: Told how far it got.

        Returns:
            What was checked and found; `ok` says whether nothing has to be done.
        """
        return verify(self._committer.log, ref, deep=deep, tell=on_progress)

    def tidy(self) -> int:
        """Move files to where the log wants them, after a crash between commit and publishing.

        Every first write of a process does this anyway.

        Returns:
            The version of the lake up to which folders and log agree.
        """
        return self._committer.tidy()

    def repair(self, *, on_progress: Progress = silent) -> RepairReport:
        """Mend what `verify` says can be mended; never deletes anything that was committed."""
        return repair(self._committer, on_progress)

    def doctor(self, *, on_progress: Progress = silent) -> Health:
        """Say what the lake is made of: store, clock, software, sizes, leftovers, advice."""
        return examine(self._committer, on_progress)

    def purge(self, ref: str) -> PurgeReport:
        """Remove a scenario for good: the bytes of all its versions, and what describes them.

        Commits stay as they are, and with them its name, description and tags. Scenarios that
        were cloned from it keep their rows; the report names them.

        Args:
            ref: Name or id, also of a deleted scenario.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            PurgedError: It was purged before.
        """
        return scenarios.purge(self._committer, ref)
