"""Every long text RoboFlow says. Strings and small functions that fill in figures from cfg; nothing else."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base.settings import CHOICES, RANGES

if TYPE_CHECKING:
    from flow.plan import Plan

USAGE_HINT = "python roboflow.py BASETAG IMAGEQUANTITY SEARCHTAG FLOWSTEP, or --help"
GOODBYE = "ok good bye i love you."
BUG_HINT = "Nothing was lost. The log in tf_files/logs has the details; please send them along."
BANNER = r"""
   [o_o]   r o b o f l o w
   /|_|\   download, sort, check, harvest, retrain. boop boop.
"""
GUIDE_HINT = "ENTER takes the answer in [brackets], h helps, b goes back, q quits."
LABELS_HINT = (
    "A new basetag. Labels are the folders your images are sorted into. Add one called `not` for everything else "
    "a search brings up: a classifier that has never seen other things calls them all by one of your labels."
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
    "test_percent": ("Testing percent", "Kept apart to measure with, never trained on. More makes the accuracy surer."),
    "batch_size": ("Batch size", "Images looked at per step. Larger is steadier, smaller is jumpier."),
    "learning_rate": ("Learning rate", "The length of one step. Too large overshoots, too small needs more steps."),
    "tune": (
        "What learns: only the head, or the last layers too",
        "head takes seconds. last is often a point or two better and takes about a minute per 500 images on two cores, "
        "three times that with fewer than 100 test images.",
    ),
}


def help_tail(default: str, back: bool) -> str:
    """What else one may answer, at the end of every help."""
    keys = ["ENTER = what is in [brackets]"] * bool(default) + ["b = one back"] * back
    return "  " + ", ".join([*keys, "q = leave", "hh = the whole manual"])


def pasted(dropped: int) -> str:
    """Of several lines at once, the first is the answer."""
    lines = "one more line" if dropped == 1 else f"{dropped} more lines"
    return f"  {lines} came at once and answer nothing; the next question comes first."


def as_json(facts: dict) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str)


def downloading(quantity: int, searchtag: str, source: str) -> str:
    return f"boop boop. looking for {quantity} new images of {searchtag!r} ({source})"


def classifying(searchtag: str, model: str) -> str:
    return f"boop boop. sorting {searchtag!r} with {model}"


def retraining(architecture: str, counts: dict[str, int]) -> str:
    told = ", ".join(f"{label} {n}" for label, n in counts.items())
    return f"boop boop. training on {told} with {architecture}"


def tuning(seconds: float, trainings: int) -> str:
    """What letting the last layers learn will take."""
    about = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    if trainings == 1:
        return f"boop boop. the last layers learn too: about {about}. Ctrl-C stops it."
    return (
        f"boop boop. the last layers learn too: about {about}, for {trainings} trainings, as {trainings - 1} more "
        "without part of the images measure the first (--no-folds leaves them out). Ctrl-C stops it."
    )


def tuning_stopped(done: int, steps: int) -> str:
    return f"Stopped after {done} of {steps} steps. What was not measured by then stays unmeasured."


def check_by_hand(folder: Path) -> str:
    return (
        f"now look through {folder}\n"
        f"in the browser: python roboflow.py {folder.parent.name} check\n"
        "or drag what is wrong into the right label folder, before you harvest:\n"
        "quality control is how you tend that garden."
    )


def trust(value: float, low: float, high: float, total: int) -> str:
    """A model's share right when it was made (fractions 0..1), and how far that can be trusted."""
    if not total:
        return "it was not measured: there were no images to measure on"
    span = f"{100 * low:.1f}% to {100 * high:.1f}%"
    if high - low > 0.2:
        return f"{100 * value:.1f}% right on only {total} images it had not seen: anything from {span} is possible"
    return f"{100 * value:.1f}% right on {total} images it had not seen, really {span}"


def no_network(reason: str, basetag: str, quantity: int, searchtag: str, asks: bool) -> str:
    """The situation, and the three ways on; as commands where no question follows."""
    why = reason[:1].lower() + reason[1:].partition("; the same command")[0].rstrip(".")
    said = f"No pictures could be searched for: {why}."
    ways = ("a folder of yours", "a list of addresses", "drawn robots")
    if asks:
        hows = ("type its path, or drop it into this window", "a text file, one address a line", "sample")
    else:
        begin = f"python roboflow.py {basetag} {quantity} {searchtag} --source"
        hows = (f"{begin} folder:DIR", f"{begin} urls:FILE", f"{begin} sample")
    told = [f"  {way:<20} {how}" for way, how in zip(ways, hows, strict=True)]
    return "\n".join([said, "Three ways on without a search:", *told])


def first_sorting(unsorted: Path, training: Path) -> str:
    """What to do with the very first images of a basetag."""
    return (
        "There is no model yet, so you say what is on the first ones: with keys (check).\n"
        f"Without a browser, by hand: copy the first 20 of each label from {unsorted}\n"
        f"into one folder a label in {training}\n"
        "and retrain; from then on you only put right what the next run sorted."
    )


def sort_by_hand(folder: Path) -> str:
    return f"Sort images into its label folders by hand: {folder}\nRoboFlow can download more to sort."


def range_of(setting: str) -> str:
    """The range of a setting as a person reads it."""
    if setting in CHOICES:
        return " or ".join(CHOICES[setting])
    if setting not in RANGES:
        return "a name, a handle or a folder"
    low, high = RANGES[setting]
    low_text, high_text = (f"{n:f}".rstrip("0").rstrip(".") for n in (low, high))
    return f"a number from {low_text} to {high_text}" if high < 1e6 else f"a number from {low_text} on"


def plan_lines(plan: "Plan") -> list[str]:
    """What a plan will do, a line a step."""
    lines = [f"basetag {plan.basetag}"]
    for step in plan.steps:
        lines.append(
            {
                "download": _brings(plan),
                "classify": f"sort unsorted_{plan.searchtag} with {plan.model or 'the most accurate model'}",
                "harvest": f"harvest {'what a person checked' if plan.checked_only else 'all of the label folders'}",
                "retrain": f"train {plan.training.architecture}: {plan.training.steps} steps of "
                f"{plan.training.batch_size}, rate {plan.training.learning_rate:g}, "
                f"{plan.training.test_percent}% for testing",
            }[step.value]
        )
    return lines


def _brings(plan: "Plan") -> str:
    if plan.source.startswith(("folder:", "urls:")):
        return f"bring in {plan.quantity} pictures of yours as {plan.searchtag} ({plan.source})"
    return f"download {plan.quantity} new images of {plan.searchtag} ({plan.source})"


def help_text() -> str:
    """--help: everything on one screen."""
    return f"""\
usage: python roboflow.py basetag imagequantity searchtag flowstep [options]
       python roboflow.py             asks for whatever is left out
       python roboflow.py --helpmore  explains everything

  basetag        theme of a family of classifiers: robots
  imagequantity  new images to download, 0 to {cfg.imgnum_maxpercycle}; 0 downloads none
  searchtag      what to search for: robotart; 0 with 0 images = no new images
flowsteps
  download | classify (default) | classify_top | retrain | retrain_defaults |
  automatic | check | take FOLDER | approve | harvest | undo | models |
  explore | try PICTURE | export | forget | status | notify_test
options
  --source S     auto, openverse, commons, nasa, inaturalist, imgur, flickr,
                 folder:DIR, urls:FILE, sample      --model NAME-or-NUMBER
  --harvest | --no-harvest | --checked-only         --sorted FOLDER
  --architecture, --steps, --batch-size, --learning-rate, --test-percent,
  --validation-percent, --image-size, --solver, --seed, --images-min,
  --tune head|last --tune-epochs --tune-batch --tune-rate --folds --no-folds
  --tf-files DIR  --lock-wait S  --max-minutes M  --dry-run  --retry-failed
  --again  forget --keep N  check --training --teach --no-browser --port P
  export --to DIR --smaller | --data DIR    try PICTURES --csv FILE
  --keep-near  --no-input  --no-color  --quiet  --verbose  --json
examples
  python roboflow.py robots 200 robotart
  python roboflow.py robots 50 mechs classify_top --source folder:~/Pictures
  python roboflow.py robots 0 0 retrain_defaults --images-min 50
  python roboflow.py robots explore --steps 500,2600 --batch-size 16,64
  python roboflow.py robots try photo.jpg ~/Pictures
exit codes
  0 done   1 failed   2 bad arguments or settings   3 done in part
  10 not ready   11 locked   12 credentials   130 Ctrl-C   143 told to stop"""


def helpmore() -> str:
    """--helpmore: the long story, with figures from cfg."""
    percent, under = f"{100 * cfg.confidence_min:g}%", f"{cfg.under_name}{cfg.confidence_min:.3f}".replace("0.", "")
    return _HELPMORE.format(cfg=cfg, percent=percent, under=under, banner=BANNER, licenses=", ".join(cfg.licenses))


_HELPMORE = """{banner}
REQUIREMENTS
  Python 3.10 to 3.13 and what requirements.txt names. A network only to
  download images and further backbones; efficientnet_lite0, the default,
  comes with the requirements.

DEFINITIONS
  BASETAG         The theme of one family of classifiers: robots, birds. Each
                  has its own training data, models and sorted images.
  SEARCHTAG       What images are searched by: robotart, owl. One basetag can
                  be fed by many searchtags.
  LABELS          The classes a classifier tells apart: built, drawn, mechs,
                  not. Each is one folder in training_photos/BASETAG/.
  CLASSIFYING     (also LABELING) A model looks at each image and gives every
                  label a score; the copy goes to the folder of the best one.
  CONFIDENCEMIN   {percent}. An image whose best score is lower goes to
                  LABEL{under}, as does one that is unlike everything in the
                  training data.
  SORTED/UNSORTED {cfg.unsorted_name}SEARCHTAG holds what was downloaded;
                  {cfg.sorted_name}TIME holds copies, sorted, with the score in the
                  file name (967 = 96.7%).
  QUALITY CONTROL CHECK
                  You, looking at what was sorted. The flowstep check shows it
                  in the browser, page by page: ENTER accepts a page, a digit
                  gives a picture another label, u undoes, ? shows the keys;
                  check --training shows doubtful training images. Or drag
                  what is wrong into the right folder of {cfg.sorted_name}*, and say
                  approve. What you accepted or moved counts as sorted by a
                  person.
  HARVESTING      Moving sorted images into the training data. Only label
                  folders with exact names are harvested, never the
                  ..{cfg.under_name} ones. undo puts it back.
  CONFIG FILE     config.py holds every setting with unit, range and reason.
                  Change it in roboflow.yaml beside roboflow.py, or with
                  ROBOFLOW_NAME=value in the environment, or with an option;
                  the last of these wins.
  LOG FILES       tf_files/logs/BASETAG.log. Each {cfg.unsorted_name} folder
                  lists its urls and credits, each {cfg.sorted_name} folder its
                  scores, each harvest its moves.
  TENSORFLOW      The library that runs the backbone (a network that turns an
                  image into numbers) and writes the finished model. RoboFlow
                  trains the last layer.
  DIRECTORY STRUCTURE
                  tf_files/
                    models/  backbones    bottlenecks/  computed vectors
                    testing_photos/BASETAG/
                      {cfg.unsorted_name}*  {cfg.sorted_name}*  {cfg.harvested_name}*  {cfg.quarantine_name}
                    training_photos/BASETAG/LABEL/
                    training_summaries/BASETAG/MODEL/   model.json  report.html

GENERAL WORKFLOW, GUIDED
  python roboflow.py says where you stand and what comes next; ENTER does it.
  Where something is left to ask it asks, shows the plan, and prints the
  command that would do the same, so that you can put it into a script or a
  cron job. Every run ends with what comes next.

PICTURES OF YOUR OWN
  Where the guide asks where from, type a folder's path or drop the folder
  into the terminal; or give --source folder:DIR. Folders in it that are named
  like your labels can be taken as sorted already: robots take DIR. They are
  copied; undo takes the copies out again.

GENERAL WORKFLOW, ADVANCED
  1  python roboflow.py robots 200 robotart download       get images
  2  python roboflow.py robots check                       say what is on some
  3  or by hand: into training_photos/robots/built, /drawn ..., then
     python roboflow.py robots 0 0 retrain_defaults        first model
  4  python roboflow.py robots 200 robotart                more images, sorted
  5  python roboflow.py robots check                       look at them
  6  python roboflow.py robots harvest                     into the training
  7  python roboflow.py robots 0 0 retrain                 better; then 4 again

BOOTSTRAPPING
  Where there is no model yet, check asks for the most telling of the unsorted
  images, by keys, guesses the others meanwhile and says how good it is; after
  some tens of keys it trains a first model and sorts the rest (check --teach
  at any time). By hand, a first model needs from 20 images per label
  (with --images-min 20), {cfg.retrain_imgcount_default} per label are
  recommended. The accuracy is always shown with the range it may really lie
  in; with few images that range is wide. Sooner than by hand: robots check
  asks for the most telling pictures and guesses the others.

STARTING OVER
  Move the basetag's folders away from training_photos, testing_photos and
  training_summaries, and its file from catalogues. RoboFlow deletes none of
  your files.

BASETAG DETAILS
  A new basetag gets its label folders from your answers in the guided set-up;
  from the command line it gets none: make one a label in
  training_photos/BASETAG/. An empty one is pointed out and not trained on.

PREVENTING DUPLICATES
  An image that a basetag already has, also re-encoded or resized, is not kept
  again; --keep-near keeps look-alikes. Look-alikes never stand on both sides
  of a test.

IMPROVING RESULTS
  Check by hand: a hundred images you looked at help more than a thousand you
  did not. Give `not` many kinds of other things. Try explore with several
  values per option, look at report.html for the likely mislabelled images, and
  at models for what is best on the same images. Accuracy is measured only on
  images a person sorted and nobody chose, each predicted without it; where
  {cfg.retrain_testper_default}% of every label are {cfg.test_min_per_label} images or more,
  those are kept apart for it.

SOURCES
  --source auto asks Openverse, then Wikimedia Commons, without a key. Also
  nasa, inaturalist (species), imgur and flickr (with keys of your own),
  folder:DIR, urls:FILE and sample (robots drawn by RoboFlow itself). Licences
  kept: {licenses}. Several in order: --source openverse,nasa. At most
  {cfg.imgnum_maxpercycle} images a cycle.

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
