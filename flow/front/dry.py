"""`--dry-run`: what a command would do, step by step, found out without changing anything.

No lock, no log, no last_run.json; the catalogue is looked at in a copy.
"""

from flow.base import files, paths
from flow.base.errors import BadUsage, NotReady
from flow.front import short
from flow.front.run import Result
from flow.models import shelf
from flow.plan import DRY_RUNS, FLOWS, Disk, Plan, Request, Step, make_plan
from flow.records.catalogue import Catalogue
from flow.records.recall import catalogue_copy
from flow.talk import console


def check(request: Request) -> None:
    """Raise BadUsage where a dry run makes no sense."""
    if request.dry_run and request.flowstep not in DRY_RUNS:
        raise BadUsage(f"--dry-run makes no sense with {request.flowstep}.", f"It goes with {', '.join(DRY_RUNS)}.")


def results(request: Request, basetag: str, disk: Disk, stamp: str) -> list[tuple[str, Result]]:
    """(step, what it would come to), in order; details go to stdout as they are found.

    Raises:
        RoboError: as the real run would.
    """
    with catalogue_copy(basetag) as catalogue:
        if request.flowstep not in FLOWS:
            return [(request.flowstep, short.do(request, basetag, stamp, catalogue))]
        plan = make_plan(request, disk, stamp, console.can_ask())
        if not disk.known and not plan.searchtag:
            raise NotReady(f"There is no basetag {basetag} yet.", "A dry run makes none.")
        for note in plan.notes:
            console.note(note)
        return [(step.value, _would(step, plan, catalogue)) for step in plan.steps]


def _would(step: Step, plan: Plan, catalogue: Catalogue) -> Result:
    if step is Step.HARVEST:
        from flow.harvest import step as harvest

        return harvest.harvest(plan.basetag, plan.stamp, catalogue, plan.checked_only, plan.folder, dry_run=True)
    return short.Said({Step.DOWNLOAD: _download, Step.CLASSIFY: _classify, Step.RETRAIN: _retrain}[step](plan))


def _download(plan: Plan) -> str:
    folder = paths.unsorted_dir(plan.basetag, plan.searchtag)
    wanted = f"{plan.quantity} new images of {plan.searchtag} ({plan.source})"
    return f"would look for {wanted} for {folder}, {files.count_images(folder)} are there"


def _classify(plan: Plan) -> str:
    folder = paths.unsorted_dir(plan.basetag, plan.searchtag)
    ranked = shelf.all_models(plan.basetag)
    model = shelf.pick(ranked, plan.model, plan.basetag).name if plan.model else "the best model"
    copies = f"would sort copies of what is new among the {files.count_images(folder)} images of {folder.name}"
    return f"{copies} with {'the model you pick' if plan.ask_model else model} into sorted_{plan.stamp}"


def _retrain(plan: Plan) -> str:
    from flow.retrain import step as retrain

    if Step.HARVEST in plan.steps:
        return f"would then train {plan.training.architecture} on what lies in {paths.training(plan.basetag)}"
    counts = retrain.check_ready(plan.basetag, plan.training)
    told = ", ".join(f"{label} {n}" for label, n in counts.items())
    return f"would train {plan.training.architecture} on {told}: a new folder in {paths.summaries(plan.basetag)}"
