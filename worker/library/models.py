"""The `model_…` actions. A version never changes; which version a name uses changes atomically."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jobs.contract import (
    Answer,
    DeleteModel,
    Done,
    ExportModel,
    ImportModel,
    ListModels,
    Models,
    ModelVersion,
    ModelVersions,
    NeedsConfirmation,
    PromoteModel,
    RenameModel,
    RollBackModel,
    ShowModel,
    Verdict,
)
from model.errors import BundleError
from worker.library.server_library import LibraryContext, in_parts, joined

if TYPE_CHECKING:
    from model.bundles import BundleStore

LONGEST_TEXT = 400


def list_models(context: LibraryContext, _action: ListModels) -> Answer:
    """The server's own, then those that all servers share."""
    own, shared = context.server.bundles, context.server.shared_bundles
    found = [_versions(own, name, is_shared=False) for name in own.all_names()]
    found += [_versions(shared, name, is_shared=True) for name in shared.names()]
    return Models(models=tuple(found))


def show(context: LibraryContext, action: ShowModel) -> Answer:
    """One model with its versions."""
    own, shared = context.server.bundles, context.server.shared_bundles
    is_shared = action.name not in own.all_names()
    return Models(models=(_versions(shared if is_shared else own, action.name, is_shared),), is_detailed=True)


def rename(context: LibraryContext, action: RenameModel) -> Answer:
    """Another name for a model of the server."""
    _own(context, action.name)
    if action.new_name in context.server.shared_bundles.names():
        raise BundleError(f"`{action.new_name}` is the name of a model that comes with the bot. Choose another.")
    context.server.bundles.rename(action.name, action.new_name)
    return Done(sentence=f"Renamed `{action.name}` to `{action.new_name}`.")


def promote(context: LibraryContext, action: PromoteModel) -> Answer:
    """Let the name mean a version; one that was found to copy needs a second word."""
    store = context.server.bundles
    _own(context, action.name)
    version = action.version or _newest_candidate(store, action.name)
    verdict = context.server.verdict(version)
    if verdict is not None and verdict.is_copying and not action.confirmed:
        insisted = action.model_copy(update={"version": version, "confirmed": True})
        return NeedsConfirmation(sentence=_warning(action.name, version, verdict), action=insisted)
    store.point(action.name, version)
    can_go_back = any(was.version != version for was in store.history(action.name))
    return Done(
        sentence=f"`{action.name}` now uses version `{version}`. Pieces in progress keep the old one.",
        model=action.name if can_go_back else None,
    )


def roll_back(context: LibraryContext, action: RollBackModel) -> Answer:
    """Let the name mean the version before."""
    _own(context, action.name)
    version = context.server.bundles.rollback(action.name)
    return Done(sentence=f"`{action.name}` uses version `{version}` again.", model=action.name)


def delete(context: LibraryContext, action: DeleteModel) -> Answer:
    """One version that is not in use, or the whole model; the admin is asked first."""
    _own(context, action.name)
    store = context.server.bundles
    which = f"version `{action.version}` of `{action.name}`" if action.version else f"the model `{action.name}`"
    if not action.confirmed:
        _check_deletable(store, action)
        versions = len(store.info(action.name).versions)
        rest = f" and all its versions ({versions})" if not action.version and versions > 1 else ""
        question = f"Delete {which}{rest}? This can't be undone."
        return NeedsConfirmation(sentence=question, action=action.model_copy(update={"confirmed": True}))
    store.delete(action.name, action.version)
    return Done(sentence=f"Deleted {which}.")


def _check_deletable(store: BundleStore, action: DeleteModel) -> None:
    """Refuse what `delete` would refuse, before the admin is asked.

    Raises:
        BundleError: there is no such version, or it is the one in use.
    """
    if action.version is None:
        return
    versions = store.info(action.name).versions
    found = next((one for one in versions if one.version == action.version), None)
    if found is None:
        raise BundleError(f"`{action.name}` has no version `{action.version}`. `/model info` shows those it has.")
    if found.is_current and len(versions) > 1:
        raise BundleError(
            f"Version `{action.version}` of `{action.name}` is in use. Use another one with `/model promote` first, or "
            "delete the whole model."
        )


def export(context: LibraryContext, action: ExportModel) -> Answer:
    """A version as an archive that `import` takes."""
    own = context.server.bundles
    store = own if action.name in own.all_names() else context.server.shared_bundles
    archive = store.export(action.name, action.version)
    return in_parts(context, archive, f"{action.name}.cadenza.zip", "/model import")


def import_(context: LibraryContext, action: ImportModel) -> Answer:
    """A model out of an archive; it is not in use yet."""
    if action.name in context.server.shared_bundles.names():
        raise BundleError(f"`{action.name}` is the name of a model that comes with the bot. Choose another.")
    archives = joined([(ref.name, context.blobs.get(ref)) for ref in action.files])
    if len(archives) != 1:
        raise BundleError("These files belong to several archives. Attach one archive, or all parts of one.")
    context.server.require_room(action.name, len(archives[0][1]))
    version = context.server.bundles.import_(archives[0][1], action.name)
    told = f"Imported version `{version}` of `{action.name}`."
    return Done(sentence=f"{told} Use it with `/model promote name:{action.name}`.")


def _own(context: LibraryContext, name: str) -> None:
    """Raise where the model is not this server's to change.

    Raises:
        BundleError: it belongs to all servers, or is not there.
    """
    own = context.server.bundles.all_names()
    if name in own:
        return
    if name in context.server.shared_bundles.names():
        raise BundleError(f"`{name}` comes with the bot and can't be changed or deleted.")
    known = f"It has: {', '.join(own)}." if own else "Train one with `/train start`."
    raise BundleError(f"This server has no model `{name}`. {known}")


def _newest_candidate(store: BundleStore, name: str) -> str:
    candidates = store.candidates(name)
    if not candidates:
        raise BundleError(f"All versions of `{name}` were used before. Say which `version` to promote.")
    return candidates[-1]


def _warning(name: str, version: str, verdict: Verdict) -> str:
    return (
        f"Version `{version}` of `{name}` copies its training music: {verdict.copy_share or 0:.1%} of its 16-note "
        f"passages also occur there (held-out pieces: {verdict.human_share or 0:.1%}). "
        "Training on more pieces or for fewer epochs helps."
    )


def _versions(store: BundleStore, name: str, is_shared: bool) -> ModelVersions:
    found = [
        ModelVersion(
            version=one.version,
            created_at=one.created_s or None,
            size=one.size_bytes,
            is_current=one.is_current,
            title=one.card.title,
            description=one.card.description[:LONGEST_TEXT],
            data=one.card.data[:LONGEST_TEXT],
            licence=one.card.licence[:LONGEST_TEXT],
            non_commercial=one.card.non_commercial,
            figures=one.card.figures,
        )
        for one in store.info(name).versions
    ]
    return ModelVersions(name=name, is_shared=is_shared, versions=tuple(found))


ACTIONS: dict[str, Callable[[Any, Any], Answer]] = {
    "model_list": list_models,
    "model_info": show,
    "model_rename": rename,
    "model_promote": promote,
    "model_rollback": roll_back,
    "model_delete": delete,
    "model_export": export,
    "model_import": import_,
}
