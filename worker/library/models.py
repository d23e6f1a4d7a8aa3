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
from worker.library.archive_parts import in_parts, joined
from worker.library.server_library import LibraryContext

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
        raise BundleError(f"'{action.new_name}' is the name of a model that all servers share: choose another.")
    context.server.bundles.rename(action.name, action.new_name)
    return Done(sentence=f"The model '{action.name}' is called '{action.new_name}' now.")


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
    return Done(
        sentence=f"'{action.name}' means version {version} from now on; pieces under way keep the one before.",
        model=action.name,
    )


def roll_back(context: LibraryContext, action: RollBackModel) -> Answer:
    """Let the name mean the version before."""
    _own(context, action.name)
    version = context.server.bundles.rollback(action.name)
    return Done(sentence=f"'{action.name}' is version {version} again.", model=action.name)


def delete(context: LibraryContext, action: DeleteModel) -> Answer:
    """One version that is not in use, or the whole model."""
    _own(context, action.name)
    context.server.bundles.delete(action.name, action.version)
    which = f"Version {action.version} of '{action.name}'" if action.version else f"The model '{action.name}'"
    return Done(sentence=f"{which} is deleted.")


def export(context: LibraryContext, action: ExportModel) -> Answer:
    """A version as an archive that `import` takes."""
    own = context.server.bundles
    store = own if action.name in own.all_names() else context.server.shared_bundles
    archive = store.export(action.name, action.version)
    return in_parts(context, archive, f"{action.name}.cadenza.zip", "/model import")


def import_(context: LibraryContext, action: ImportModel) -> Answer:
    """A model out of an archive; it is not in use yet."""
    if action.name in context.server.shared_bundles.names():
        raise BundleError(f"'{action.name}' is the name of a model that all servers share: choose another.")
    archives = joined([(ref.name, context.blobs.get(ref)) for ref in action.files])
    if len(archives) != 1:
        raise BundleError("Give one archive, or all parts of one: these files are of several.")
    context.server.require_room(action.name, len(archives[0][1]))
    version = context.server.bundles.import_(archives[0][1], action.name)
    told = f"Version {version} of '{action.name}' is here and not in use yet"
    return Done(sentence=f"{told}: `/model promote name:{action.name}` brings it into use.")


def _own(context: LibraryContext, name: str) -> None:
    """Raise where the model is not this server's to change.

    Raises:
        BundleError: it belongs to all servers, or is not there.
    """
    own = context.server.bundles.all_names()
    if name in own:
        return
    if name in context.server.shared_bundles.names():
        raise BundleError(f"'{name}' is shared by all servers, so it cannot be changed from here.")
    known = ", ".join(own) or "none yet: `/train start` makes one"
    raise BundleError(f"This server has no model '{name}'. Its models: {known}.")


def _newest_candidate(store: BundleStore, name: str) -> str:
    candidates = store.candidates(name)
    if not candidates:
        raise BundleError(f"'{name}' has no version that was never in use: name the version to promote.")
    return candidates[-1]


def _warning(name: str, version: str, verdict: Verdict) -> str:
    return (
        f"Version {version} of '{name}' copies: {verdict.copy_share or 0:.0%} of the 16-note runs that it composed "
        f"stand in the music it learnt from; {verdict.human_share or 0:.0%} of those of its held-out pieces do. "
        "More pieces or fewer epochs make it freer."
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
