"""What a step's result says at a terminal: where things are, how many, and what to do now."""

from typing import TYPE_CHECKING

from flow.base import files, names, paths
from flow.classify import Sorted
from flow.download.result import Downloaded
from flow.guide.model_questions import show_training_data
from flow.harvest.import_sorted import Imported
from flow.harvest.step import Harvested
from flow.models import model_store
from flow.retrain import try_harder
from flow.retrain.result import Retrained
from flow.retrain.step import IMAGES_LEAST
from flow.ui import console, texts

if TYPE_CHECKING:  # it brings requests
    from flow.download.preview import Preview


def tell_downloaded(basetag: str, done: Downloaded, first_steps: bool = True) -> None:
    """How many came and where they are; for a new basetag, what to do with the first ones.

    Args:
        first_steps: False where the images are labelled already.
    """
    console.note(f"  {done.line()}")
    if files.count_images(done.folder):
        console.note(f"  they are in {done.folder}")
        if first_steps and not model_store.all_models(basetag):
            console.note(texts.first_sorting(done.folder, paths.training(basetag)))
            show_training_data(basetag, IMAGES_LEAST)


def tell_preview(shown: "Preview") -> None:
    """The first titles that each site shows, and how many results it has."""
    for one in shown.sources:
        how_many = f", of {one.total} {one.found_by}".rstrip() if one.total else ""
        console.note(f"  {one.problem}" if one.problem else f"  {one.source}, the first {len(one.titles)}{how_many}:")
        for title in one.titles:
            console.note(f"    {title}")


def tell_moved(done: Harvested | Imported) -> None:
    """What became training data, and what went wrong with it."""
    console.note(f"  {done.line()}")
    for problem in done.problems:
        console.warn(problem)


def tell_sorted(done: Sorted) -> None:
    """Where the sorted images are, how many of each, and how many mistakes to expect."""
    console.note(f"  {done.line()}")
    if not done.folder:
        return
    console.table(["folder", "images"], [[place, n] for place, n in done.places.items()])
    if done.threshold_words:
        console.note(f"  {done.threshold_words}")
    if done.expected_wrong and done.sure_before:
        (about, most), (right, total) = done.expected_wrong, done.sure_before
        basis = f"{right} of {total} sure predictions measured so far are correct"
        mistakes = f"{about:g} mistake{'s' * (about != 1)} among the {done.sure} sure ones"
        console.note(f"  Expect about {mistakes}, at most {most:g} ({basis}).")
    if done.unfamiliar:
        counts = "1 is unfamiliar" if done.unfamiliar == 1 else f"{done.unfamiliar} are unfamiliar"
        console.note(f"  {counts}, unlike all training images, and so counted as unsure.")
    console.note(texts.check_by_hand(done.folder))
    console.beep()


def tell_retrained(done: Retrained) -> None:
    """The new model's figures, its warnings, and what would help most next."""
    if done.selection:
        try_harder.tell(done.selection)
    console.note(f"  {done.line()}")
    for warning in done.warnings:
        if warning in done.model.shortcuts:
            console.warn(warning)
        else:
            console.note(f"  {warning}")
    if words := model_store.threshold_words(done.model):
        console.note(f"  {words}")
    if done.advice:
        console.note(f"  {done.verdict}")
        for tip in done.advice.tips:
            console.note(f"  - {tip}")
    if odd := len(done.model.facts.get("suspects", [])):
        console.note(f"  {odd} training image{'s' * (odd != 1)} may be mislabelled.")
        basetag, where = str(done.model.facts["basetag"]), paths.tf_files_to_type()
        console.raw(f"  to look at them: {names.command(basetag, where, 'check', '--training')}")
    console.note(f"  report: {done.model.folder / 'report.html'}")
    console.note(f"  curves: tensorboard --logdir {done.model.folder.parent}")
    console.beep()
