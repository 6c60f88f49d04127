"""Many small files of a scenario made into few; no row changes, nor their order."""

from __future__ import annotations

from collections.abc import Iterator

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import DataFile, EntitySet, Manifest
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.summarising import statistics
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.scenarios.writing.folding import LARGE_ROWS, MAX_MERGED_BYTES
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.rewriting.compact import concatenate
from healthsim_lake.tables.writer import FileWriter


def compact(committer: Committer, known: EntityTypes, scenario_id: str) -> int:
    """Join the small files of one scenario in one commit; return how many files fewer it has.

    Raises:
        ScenarioNotFoundError: It is not there any more.
    """
    state = committer.view().get(scenario_id)
    if not any(_runs(one) for one in committer.log.manifest(state).sets):
        return 0
    transaction = committer.begin()
    with committer.new_files(transaction, scenario_id) as writer:
        compacting = _Compacting(committer, known, writer, scenario_id)
        committed = committer.commit(compacting.plan, transaction=transaction)
    if committed.commit is None:
        return 0
    retired = sum(len(group.names) for group in committed.commit.retires)
    return retired - sum(len(group.names) for group in committed.commit.publishes)


class _Compacting:
    """Plans a compaction; files that were joined are kept while those they come from are there."""

    def __init__(
        self,
        committer: Committer,
        known: EntityTypes,
        writer: FileWriter,
        scenario_id: str,
    ) -> None:
        self._committer, self._storage = committer, committer.log.storage
        self._known, self._writer = known, writer
        self._id = scenario_id
        self._joined: dict[tuple[int, tuple[str, ...]], DataFile] = {}

    def plan(self, snapshot: Snapshot) -> Draft:
        """Return the draft for `snapshot`."""
        state = snapshot.get(self._id)
        old = self._committer.log.manifest(state)
        new = Manifest(sets=tuple(self._compacted(one, snapshot) for one in old.sets))
        self._writer.sync()
        publishes, retires = manifests.difference(new, old, self._id)
        change = actions.ReplaceRows(
            scenario_id=self._id,
            products=state.record.products,
            entity_counts=new.counts,
            manifest=manifests.stored(new, self._id, writer=self._writer),
            statistics=statistics.carried(
                self._committer.log, state, writer=self._writer, scenario_id=self._id
            ),
            same_rows=True,
        )
        tables = {group.table for group in publishes}
        return Draft(
            operation="compact",
            actions=(change,),
            requires=(
                actions.Exists(scenario_id=self._id),
                actions.ScenarioIs(scenario_id=self._id, version=state.record.version),
                *(
                    actions.TableIs(table=table, revision=snapshot.table(table).revision)
                    for table in sorted(tables)
                ),
            ),
            publishes=publishes,
            retires=retires,
            result=self._id,
        )

    def _compacted(self, one: EntitySet, snapshot: Snapshot) -> EntitySet:
        files = list(one.files)
        for run in _runs(one):
            at = files.index(run[0])
            files[at : at + len(run)] = [self._join(one.table, run, snapshot)]
        return one.model_copy(update={"files": tuple(files)})

    def _join(self, table: str, run: list[DataFile], snapshot: Snapshot) -> DataFile:
        revision = snapshot.table(table).revision
        known = revision, tuple(file.name for file in run)
        if known not in self._joined:
            entity_type = self._known.at(table, snapshot)
            chunk = concatenate(
                self._storage, [FileRef(table, self._id, file) for file in run], entity_type
            )
            self._joined[known] = self._writer.submit(chunk, entity_type).result()
        return self._joined[known]


def _runs(one: EntitySet) -> list[list[DataFile]]:
    """Return the runs of neighbouring files that fit into one file of usual size each."""
    return [run for run in _neighbours(one.files) if len(run) > 1]


def _neighbours(files: tuple[DataFile, ...]) -> Iterator[list[DataFile]]:
    run: list[DataFile] = []
    for file in files:
        fits = (
            sum(other.rows for other in run) + file.rows <= LARGE_ROWS
            and sum(other.bytes for other in run) + file.bytes <= MAX_MERGED_BYTES
        )
        if run and not fits:
            yield run
            run = []
        run.append(file)
    if run:
        yield run
