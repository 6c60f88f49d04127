"""How each action changes the state."""

from __future__ import annotations

from functools import singledispatch

from healthsim_lake.catalog import actions, library_fold, retention_fold
from healthsim_lake.catalog.commit import READER_FEATURES, Commit
from healthsim_lake.catalog.records import Manifest, ManifestRef, ScenarioRecord, ScenarioVersion
from healthsim_lake.catalog.state import ScenarioDetails, ScenarioState, State, TableState
from healthsim_lake.errors import NewerFormatError


@singledispatch
def fold(action: actions.Action, state: State, commit: Commit) -> None:  # noqa: ARG001  # the signature that all actions share
    """Apply `action`, which was committed by `commit`, to `state` in place.

    Raises:
        NewerFormatError: The action asks for a feature that this release lacks.
    """
    raise TypeError(f"no fold for {action.kind}")


@fold.register
def _(action: actions.Protocol, state: State, commit: Commit) -> None:
    unknown = set(action.reader_features) - READER_FEATURES
    if unknown:
        raise NewerFormatError(
            f"since commit {commit.version} the lake needs {', '.join(sorted(unknown))}; "
            "install a newer release of healthsim-lake"
        )
    state.reader_features += action.reader_features
    state.writer_features += action.writer_features


@fold.register
def _(action: actions.DeclareTable, state: State, _commit: Commit) -> None:
    former = state.tables.get(action.table)
    state.tables[action.table] = TableState(
        revision=1 if former is None else former.revision + 1, declaration=action.declaration
    )


fold.register(library_fold.create_document)
fold.register(library_fold.change_document)
fold.register(library_fold.delete_document)
fold.register(library_fold.restore_document)
fold.register(library_fold.extend_ledger)
fold.register(retention_fold.forget)
fold.register(retention_fold.purge)


@fold.register
def _(action: actions.CreateScenario, state: State, commit: Commit) -> None:
    record = ScenarioRecord(
        id=action.scenario_id,
        name=action.name,
        description=action.description,
        tags=action.tags,
        metadata=action.metadata,
        products=action.products,
        created_at=commit.timestamp,
        updated_at=commit.timestamp,
        version=1,
        entity_counts=action.entity_counts,
        origins=action.origins,
    )
    state.put(
        ScenarioState(
            record,
            ScenarioDetails(
                manifest=action.manifest,
                versions=(_version(record, commit, manifest_commit=commit.version),),
            ),
        )
    )


@fold.register
def _(action: actions.ReplaceRows, state: State, commit: Commit) -> None:
    former = state.scenarios[action.scenario_id].record
    _change(
        state,
        action.scenario_id,
        commit,
        manifest=action.manifest,
        products=action.products,
        entity_counts=action.entity_counts,
        updated_at=former.updated_at if action.same_rows else commit.timestamp,
        **({} if action.origins is None else {"origins": action.origins}),
    )


@fold.register
def _(action: actions.RenameScenario, state: State, commit: Commit) -> None:
    _change(state, action.scenario_id, commit, name=action.name)


@fold.register
def _(action: actions.DescribeScenario, state: State, commit: Commit) -> None:
    record = state.scenarios[action.scenario_id].record
    _change(
        state,
        action.scenario_id,
        commit,
        description=record.description if action.description is None else action.description,
        metadata=record.metadata if action.metadata is None else action.metadata,
    )


@fold.register
def _(action: actions.AddTag, state: State, commit: Commit) -> None:
    record = state.scenarios[action.scenario_id].record
    if not record.has_tag(action.tag):
        _change(state, action.scenario_id, commit, tags=(*record.tags, action.tag))


@fold.register
def _(action: actions.RemoveTag, state: State, commit: Commit) -> None:
    record = state.scenarios[action.scenario_id].record
    unwanted = action.tag.casefold()
    kept = tuple(tag for tag in record.tags if tag.casefold() != unwanted)
    if kept != record.tags:
        _change(state, action.scenario_id, commit, tags=kept)


@fold.register
def _(action: actions.DeleteScenario, state: State, commit: Commit) -> None:
    _change(state, action.scenario_id, commit, deleted=True)


@fold.register
def _(action: actions.RestoreScenario, state: State, commit: Commit) -> None:
    _change(
        state,
        action.scenario_id,
        commit,
        manifest=action.manifest,
        name=action.name,
        entity_counts=action.entity_counts,
        deleted=False,
    )


def _change(
    state: State,
    scenario_id: str,
    commit: Commit,
    *,
    manifest: Manifest | ManifestRef | None = None,
    **given: object,
) -> None:
    """Set fields of a scenario; several actions of one commit make one version together."""
    former = state.scenarios[scenario_id]
    older = former.versions
    if older[-1].commit == commit.version:
        older = older[:-1]
    record = former.record.model_copy(
        update={
            "updated_at": commit.timestamp,
            **given,
            "version": older[-1].version + 1 if older else 1,
        }
    )
    record.__dict__.pop("entity_count", None)  # a copy must not inherit the cached sum
    manifest_commit = former.versions[-1].manifest_commit if manifest is None else commit.version
    state.put(
        ScenarioState(
            record,
            ScenarioDetails(
                manifest=former.manifest if manifest is None else manifest,
                versions=(*older, _version(record, commit, manifest_commit=manifest_commit)),
            ),
        )
    )


def _version(record: ScenarioRecord, commit: Commit, *, manifest_commit: int) -> ScenarioVersion:
    return ScenarioVersion(
        version=record.version,
        commit=commit.version,
        timestamp=commit.timestamp,
        operation=commit.operation,
        entity_count=0 if record.deleted else record.entity_count,
        manifest_commit=manifest_commit,
        author=commit.author,
        message=commit.message,
    )
