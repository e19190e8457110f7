"""The longer texts RoboFlow shows: strings, and small functions that fill in figures from cfg."""

import json
from pathlib import Path

import config as cfg
from flow.base import settings
from flow.base.names import percent, percent_range

USAGE_HINT = "python roboflow.py BASETAG IMAGEQUANTITY SEARCHTAG FLOWSTEP, or --help"
GOODBYE = "ok good bye i love you."
BUG_HINT = "Nothing was lost. The log in tf_files/logs has the details; please send them along."
BANNER = r"""
   [o_o]   r o b o f l o w
   /|_|\   download, sort, check, harvest, retrain. boop boop.
"""
GUIDE_HINT = "ENTER takes the answer in [brackets], h helps, b goes back, q quits."
EXIT_CODES = (
    "0 done, 1 failed, 2 bad arguments or settings, 3 done in part, 10 not ready, 11 locked, 12 credentials, "
    "130 Ctrl-C, 143 told to stop"
)
RECORDINGS_GOOD = 10  # of each label; with fewer, more of them help most
LABELS_HINT = (
    "Labels are the folders that your images are sorted into. Add one called `not` for everything else that a search "
    "finds: a model that has never seen other things gives each of them one of your labels."
)
TRAINING_QUESTIONS = {
    "architecture": (
        "Backbone",
        "efficientnet_lite0 comes with RoboFlow and needs no network; others are fetched once, inceptionv3 is slow.",
    ),
    "steps": (
        "Training steps",
        "More steps fit your images closer; too many learn them by heart. 500 is quick, 2600 is solid.",
    ),
    "image_size": ("Image size in pixels", "Smaller is faster and sees less: 128, 160, 192 or 224."),
    "test_percent": (
        "Testing percent",
        "The test set: images that only measure and are never trained on. More makes the accuracy surer.",
    ),
    "batch_size": ("Batch size", "Images in each step. Larger is steadier, smaller is jumpier."),
    "learning_rate": ("Learning rate", "The length of a step. Too large overshoots, too small needs more steps."),
    "tune": (
        "What learns: only the head, or the last layers too",
        "auto makes a head in seconds, then asks whether to try more. last is often a point or two better "
        "and takes about a minute for 500 images on two cores, three times that with fewer than 100 test images.",
    ),
}


def help_tail(default: str, back: bool) -> str:
    """What else one may answer, at the end of every help."""
    keys = ["ENTER = what is in [brackets]"] * bool(default) + ["b = one back"] * back
    return "  " + ", ".join([*keys, "q = leave", "hh = the whole manual"])


def typed_ahead(lines: int) -> str:
    return f"  Ignored {lines} line{'s' * (lines != 1)} typed ahead."


def as_json(facts: dict) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str)


def downloading(quantity: int, searchtag: str, source: str) -> str:
    return f"boop boop. looking for {quantity} new images of {searchtag!r} ({source})"


def classifying(searchtag: str, model: str) -> str:
    return f"boop boop. sorting {searchtag!r} with {model}"


def retraining(architecture: str, counts: dict[str, int]) -> str:
    labels = ", ".join(f"{label} {n}" for label, n in counts.items())
    return f"boop boop. training on {labels} with {architecture}"


def tuning_text(seconds: float, trainings: int) -> str:
    """How long training the last layers will take."""
    about = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    if trainings == 1:
        return f"boop boop. the last layers learn too: about {about}. Ctrl-C stops it."
    return (
        f"boop boop. the last layers learn too: about {about} for {trainings} trainings, because {trainings - 1} more, "
        "each without a part of the images, measure the first (--no-folds leaves them out). Ctrl-C stops it."
    )


def taken(name: str, is_head: bool) -> str:
    """Which of several ways to train was taken."""
    return "Nothing else that was tried is clearly better, so the model stays." if is_head else f"Taken: {name}."


def better_than_head(name: str, right: int, by_head: int, images: int, is_tuned: bool) -> str:
    """What was chosen of several ways to train, beside the head. A tuned model has no other folds than these few."""
    gain = f"Better than the head in the same folds ({name}): {right} of {images} right, {by_head} by the head."
    return gain + (" Fewer folds make its own accuracy a little low." if is_tuned else "")


def not_tried(why: str) -> str:
    return f"No other way to train was tried: {why}."


def tuning_stopped(done: int, steps: int) -> str:
    return f"Stopped after {done} of {steps} steps. What was not measured by then stays unmeasured."


def check_by_hand(folder: Path) -> str:
    return (
        f"now check {folder}\n"
        f"in the browser: python roboflow.py {folder.parent.name} check\n"
        "or drag what is wrong into the right label folder, before you harvest:\n"
        "quality control is how you tend that garden."
    )


def accuracy_text(value: float, low: float, high: float, total: int, measured: str) -> str:
    """A model's accuracy when it was made (fractions 0..1), and how far it can be trusted.

    Args:
        measured: on what, such as "cross-validated on 240 images".
    """
    if not total:
        return "accuracy not measured: there were no images to measure on"
    text = f"accuracy {percent(value)} (95 % interval {percent_range(low, high)}, {measured})"
    return text + ("; so few images say little" if high - low > 0.2 else "")


def own_threshold(needed: float, confidence_min: float, target: float) -> str:
    """Why a model is sure only above a higher score than confidence_min; all fractions 0..1, `needed` 1 = never."""
    goal = f"its predictions do not show that at most {percent(1 - target)} are wrong"
    if needed >= 1:
        return f"This model is sure of nothing yet: {goal}, at any score."
    where = f"{percent(needed)} on (confidence_min is {percent(confidence_min)})"
    return f"This model is sure from a score of {where}: below that, {goal}."


def recordings_text(facts: dict) -> str:
    """How good a model is that was measured on recordings, and whether more of them would help.

    Args:
        facts: `accuracy`, `measured_on` and `labels` as model.json has them.
    """
    share, measured = facts["accuracy"], facts["measured_on"]
    low, high = (round(100 * share[end]) for end in ("low", "high"))
    some = "" if measured["recorded"] == measured["images"] else f", {measured['recorded']} of them"
    images = f"{measured['images']} images{some} of {measured['recordings']} recordings"
    accuracy = f"accuracy {100 * share['value']:.0f} % (95 % interval {low} to {high} %)"
    text = f"{images}: {accuracy}, measured on recordings it had not seen"
    few = measured["recordings"] < RECORDINGS_GOOD * len(facts["labels"])
    return text + ("; record each thing in more places" if few else "")


def no_network(reason: str, basetag: str, quantity: int, searchtag: str, asks: bool) -> str:
    """What happened, and the three ways on; as commands where no question follows."""
    why = reason[:1].lower() + reason[1:].partition("; the same command")[0].rstrip(".")
    ways = ("your own photos", "a list of addresses", "drawn robots")
    if asks:
        hows = ("type their path, or drop the folder into this window", "a text file, one address a line", "sample")
    else:
        begin = f"python roboflow.py {basetag} {quantity} {searchtag} --source"
        hows = (f"{begin} folder:DIR", f"{begin} urls:FILE", f"{begin} sample")
    lines = [f"  {way:<20} {how}" for way, how in zip(ways, hows, strict=True)]
    return "\n".join([f"No search was possible: {why}.", "Three ways on without one:", *lines])


def first_sorting(unsorted: Path, training: Path) -> str:
    """What to do with the very first images of a basetag."""
    return (
        "There is no model yet, so you label the first images: by keys, with the flowstep check.\n"
        f"Without a browser, by hand: copy the first 20 of each label from {unsorted}\n"
        f"into one folder for each label in {training}\n"
        "and retrain; from then on you only correct what the model sorted."
    )


def first_model_hint(basetag: str) -> str:
    return f"Label the first images: python roboflow.py {basetag} check"


def sort_by_hand(folder: Path) -> str:
    return f"Sort images into its label folders by hand: {folder}\nRoboFlow can download more to sort."


def range_of(setting: str) -> str:
    """The range of a setting as a person reads it."""
    one = settings.declared()[setting]
    if one.choices:
        return " or ".join(one.choices)
    if one.low is None or one.high is None:
        return "a name, a handle or a folder"
    low, high = one.range.split("..")
    return f"a number from {low} to {high}" if one.high < 1e6 else f"a number from {low} on"


def helpmore() -> str:
    """The beginning of --helpmore; what each flowstep does follows it."""
    under = f"{cfg.under_name}{cfg.confidence_min:.3f}".replace("0.", "")
    return _HELPMORE.format(
        cfg=cfg, percent=f"{100 * cfg.confidence_min:g} %", under=under, banner=BANNER, licences=", ".join(cfg.licences)
    )


_HELPMORE = """{banner}
REQUIREMENTS
  Python 3.10 to 3.13 and what requirements.txt names. A network only to
  download images and further backbones; efficientnet_lite0, the default,
  comes with the requirements.

DEFINITIONS
  BASETAG         Your project: robots, birds. Each has its own training data,
                  models and sorted images.
  SEARCHTAG       Your search: robotart, owl. One basetag can be fed by many
                  searchtags.
  FLOWSTEP        What to run: download, classify, check, harvest, retrain ...
  LABELS          The classes that a model tells apart: built, drawn, mechs,
                  not. Each is one folder in training_photos/BASETAG/.
  CLASSIFYING     (also SORTING) A model gives every image a score for each
                  label; a copy goes to the folder of the best one.
  CONFIDENCEMIN   {percent}. An image whose best score is lower is unsure: it
                  goes to LABEL{under}, as does one that is unfamiliar,
                  unlike all training images.
  SORTED/UNSORTED {cfg.unsorted_name}SEARCHTAG holds what was downloaded;
                  {cfg.sorted_name}TIME holds sorted copies, with the score in the
                  file name (967 = 96.7 %).
  QUALITY CONTROL CHECK
                  You check what was sorted. The flowstep check shows it in the
                  browser: ENTER accepts a page, a digit gives an image another
                  label, u undoes, ? shows the keys. check --training shows
                  training images that may be mislabelled. Or drag what is
                  wrong into the right folder of {cfg.sorted_name}*, then approve.
                  What you accepted or moved counts as labelled by a person.
  HARVESTING      Moving sorted images into the training data. Only label
                  folders are harvested, never the ..{cfg.under_name} ones. undo
                  puts everything back.
  CONFIG FILE     config.py lists every setting with unit, range and reason.
                  Change it in roboflow.yaml beside roboflow.py, or with
                  ROBOFLOW_NAME=value in the environment, or with an option;
                  the last of these wins.
  LOG FILES       tf_files/logs/BASETAG.log. Each {cfg.unsorted_name} folder
                  lists its urls and credits, each {cfg.sorted_name} folder its
                  scores, each harvest its moves.
  TENSORFLOW      The library that runs the backbone (a network that turns an
                  image into an embedding, a row of numbers) and writes the
                  finished model. RoboFlow trains the head, the last layer.
  DIRECTORY STRUCTURE
                  tf_files/
                    models/  backbones    bottlenecks/  cached embeddings
                    testing_photos/BASETAG/
                      {cfg.unsorted_name}*  {cfg.sorted_name}*  {cfg.harvested_name}*  {cfg.quarantine_name}
                    training_photos/BASETAG/LABEL/
                    training_summaries/BASETAG/MODEL/   model.json  report.html

GENERAL WORKFLOW, GUIDED
  python roboflow.py shows where you stand and what comes next; ENTER does it.
  Where something is missing it asks, shows the plan, and prints the command
  that would do the same, so that you can put it into a script or a cron job.
  Every run ends with what comes next.

YOUR OWN PHOTOS
  Where the guide asks where from, type a folder's path or drop the folder
  into the terminal; or give --source folder:DIR. Folders that are sorted
  already become training data with: robots take DIR. They are copied; undo
  takes the copies out again.

GENERAL WORKFLOW, ADVANCED
  1  python roboflow.py robots 200 robotart download       get images
  2  python roboflow.py robots check                       label the first ones
  3  or by hand: into training_photos/robots/built, /drawn ..., then
     python roboflow.py robots 0 0 retrain_defaults        first model
  4  python roboflow.py robots 200 robotart                more images, sorted
  5  python roboflow.py robots check                       check them
  6  python roboflow.py robots harvest                     into the training
  7  python roboflow.py robots 0 0 retrain                 better; then 4 again

BOOTSTRAPPING
  Where there is no model yet, check asks about the unsorted images it learns
  most from, guesses the others meanwhile and shows how accurate it is; after
  some tens of keys it trains a first model and sorts the rest (check --teach
  at any time). By hand: 20 images a label are a start (--images-min 20), 100
  are good; {cfg.retrain_imgcount_default} is the original's figure. The accuracy always comes with its
  95 % interval; with few images that is wide.

STARTING OVER
  Move the basetag's folders away from training_photos, testing_photos and
  training_summaries, and its file from catalogues. RoboFlow deletes none of
  your files.

BASETAG DETAILS
  The guide makes the label folders of a new basetag; single commands do not:
  make one for each label in training_photos/BASETAG/. An empty one is
  pointed out and not trained on.

PREVENTING DUPLICATES
  An image that a basetag already has, also re-encoded or resized, is not kept
  again; --keep-near keeps near-duplicates. They never are in both the
  training and the test set.

IMPROVING RESULTS
  Check by hand: a hundred images you checked help more than a thousand you
  did not. Give `not` many kinds of other things. Try explore with several
  values for an option, look at report.html for images that may be
  mislabelled, and at models for what is best on the same images. Accuracy is
  measured only on images that a person labelled and nobody chose, by heads
  that have not seen them (cross-validated); where {cfg.retrain_testper_default} % of every label are
  {cfg.test_min_per_label} images or more, those are held out for it.

SOURCES
  --source auto asks Openverse, then Wikimedia Commons, without a key. Also
  without a key: inaturalist and gbif (living things), nasa, cleveland and met
  (museums), huggingface:DATASET (take brings its labels too), folder:DIR,
  video:FILE (frames of videos; needs PyAV), urls:FILE and sample (robots
  drawn by RoboFlow itself). With a key of your own: flickr, and imgur for
  owners of an old one. Licences kept:
  {licences}.
  Several in order: --source openverse,nasa. At most {cfg.imgnum_maxpercycle} images a cycle.
  --dry-run shows the first titles. docs/sources.md says what each is good for.

TEXT MESSAGES
  Set twilio_active: true and TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN,
  TWILIO_PHONE_NUMBER, TWILIO_SENDTONUM in the environment; notify_test tries
  it. Texts come after downloads of more than {cfg.sms_minsecstonotify} s,
  after sorting, after retraining, and on failures.

CRON
  Without a terminal nothing is ever asked, success writes one line, and only
  trouble goes to stderr:
    17 3 * * *  PYTHON /path/to/roboflow.py robots 0 0 retrain_defaults
  where PYTHON is /path/to/.venv/bin/python.

goodbye and i love you.
"""
