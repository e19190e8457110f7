"""The longer sentences of a report. Strings only."""

DATA = (
    "Only pictures that a person sorted are used to measure and to watch. What nobody but the robot has seen just "
    "trains, and counts less."
)
IDLE_PICTURES = "{pictures} that only the robot has seen sat out, so as not to give away what validation watches."
LEFT_OUT = (
    "{pictures} took no part: look-alikes of test pictures, or more unchecked ones than the checked can outweigh."
)
NO_TEST = "There is no test set yet, so there is nothing to tell here."
INTERVAL = "The dot is what was measured, the band is where the truth lies 95 times in 100. "
CHANCE = "The dashed line is someone who always says the commonest label: {chance}."
PER_LABEL = (
    "Precision: of those it gave this label, how many deserved it. Recall: of those that deserve it, how many it "
    "found. F1: both in one figure. The small print is the 95 % interval."
)
CONFUSION = "Blue is right, orange is wrong; the stronger the colour, the larger the share of its row."
THRESHOLDS = (
    "A picture that scores at least confidence_min is sorted, the others wait in the label's _under folder. Higher "
    "means fewer mistakes and more for you to sort by hand. The small print is the 95 % interval."
)
TARGETS = (
    "From which score on was it right so often? A dash means that no score was enough, or that fewer than five "
    "test pictures scored as high. These scores were found on the very pictures that judge them, so they "
    "are a little kind."
)
NO_GATE = "Pictures unlike anything in training are not held back: there are too few to tell what is unlike."
GATE = (
    "Whatever it scores, a picture unlike all training pictures (farther than {limit:.3f} from the nearest one, as "
    "1 less the cosine) waits in _under; so would {outside} of the {total:,} test pictures."
)
NO_WARNINGS = "Nothing to warn about."
RELIABILITY = (
    "A score of 0.8 should be right 8 times out of 10: the points should lie on the dashed line. Above it the robot is "
    "too modest, below it too sure. The upright lines are 95 % intervals, the bars at the foot tell how many pictures "
    "scored so."
)
NOT_CALIBRATED = " The scores are as the training left them: they were not calibrated."
CALIBRATED = " Before calibration, which chose a temperature of {temperature:.2f}, it was {before}."
NO_CURVES = "There are no curves: this solver goes straight to the best answer, without steps that could be watched."
CURVES = (
    "Validation pictures are watched, not learned from. Where training gets better and validation gets worse, the "
    "robot has begun to learn pictures by heart."
)
NO_CONFUSION = "It confused nothing in the test set."
NO_MISTAKES = "It made no mistake in the test set."
MISTAKES = "{pictures} of the test set got a wrong label, the surest first. The number is the score of the wrong guess."
NO_SUSPECTS = "No training picture looks out of place."
SUSPECTS = (
    "Each training picture was judged by heads that had never seen it: {pictures} of {total:,} looked more like "
    "another label. The likeliest to lie in a wrong folder come first; many further down are simply hard. Move "
    "those that are wrong and train again."
)
SHOWN = " {some} of them are shown here."
NONE_SHOWN = " Not one of them can be read any more."
IDLE = "lbfgs has no use for steps, batch_size and learning_rate."
FOOT = "Made {when}. This page is complete in itself and asks nothing of the network."

NOT_MEASURED = (
    "Nobody can say yet how good it is, as no picture was kept apart to measure with. Sort more pictures by hand and "
    "train again."
)
TONE_CHANCE = "Always guessing the commonest label would get {chance}, so it has yet to prove that it learned."
TONE_MASTER = "It knows its trade."
TONE_GOOD = "A good robot with something left to learn: its mistakes below show what."
TONE_LEARNING = (
    "That is well above the {chance} of mere guessing, and its mistakes below show what it has yet to learn."
)
SORTS = (
    "With confidence_min at {at:g} it sorts {coverage} of the pictures by itself ({right:,} of {total:,} right) and "
    "leaves the others to you. "
)
SORTS_FEW = "With confidence_min at {at:g} it leaves nearly every picture to you. "
NO_SCORE = "No score makes it right {wanted} of the time yet, so look through everything it sorts."
A_SCORE_OF_FEW = (
    "From a score of {score} up it was right at least {wanted} of the time, but only {n} test pictures scored as high: "
    "too few to lean on."
)
A_SCORE = (
    "From a score of {score} up it was right at least {wanted} of the time: {n:,} of the test pictures scored as high."
)
