"""What `h` says at each question: a few lines for this question only. The long manual is words.helpmore()."""

import config as cfg

_TEXTS = {
    "basetag": """  The basetag is the theme of one family of classifiers, such as robots or birds.
  It becomes a folder name: letters, digits, _ and -. Each has its own pictures and models.""",
    "what_next": """  Type the number of what you would like to do. Each step is also a command, which is
  printed when you choose it, so that you can type it yourself another time.""",
    "where": """  ENTER searches Openverse and Wikimedia Commons for free pictures; no key is needed.
  Pictures of your own: type the path of their folder, or drop the folder into this window.
  Folders in it that are named like your labels can be taken as sorted already.
  A text file with one address a line is fine too. sample draws robots to play with.
  Other sources: nasa, inaturalist, imgur, flickr; several with commas between.""",
    "take": """  y copies these pictures into the training data, as labels a person gave. The originals
  stay as they are, and undo takes the copies out again. n brings them in unsorted.""",
    "labels": """  Labels are what the classifier tells apart; each becomes a folder. Two or more, with commas
  between. One called not, for everything else, is worth more than any setting.""",
    "quantity": """  How many new pictures to bring in now. 50 is a good evening's start; a model needs about
  20 sorted ones of each label. Pictures that are there already are not brought in again.""",
    "searchtag": """  What the pictures are searched by, such as robotart or owl; with pictures of your own, the
  name of the folder they go to. One basetag can be fed by many searchtags.""",
    "model": """  The model that sorts the new pictures. ENTER takes the best on today's images;
  d only brings them in and sorts nothing.""",
    "retrain": """  y trains a new model at the end, from everything that lies in the label folders then.
  n leaves that for another time; nothing is lost.""",
    "harvest": """  Harvesting moves sorted pictures into the training data. c takes only those you moved or
  approved, a also those only the robot has seen (they count half), n none. undo reverses it.""",
    "architecture": """  The frozen network that turns a picture into numbers. efficientnet_lite0 is here already;
  mobilenet_1.0, mobilenet_v3_large, efficientnet_v2_b0, inceptionv3 are fetched once.""",
    "steps": """  How often the last layer is corrected. ENTER is a good choice; it takes seconds.""",
    "image_size": """  Pictures are squeezed to this many pixels a side. Larger sees more and takes longer.""",
    "test_percent": """  So much of what you sorted is never trained on and only measures. Once a picture
  measures, it goes on measuring.""",
    "batch_size": """  Pictures per correction. Larger is steadier.""",
    "learning_rate": """  How large each correction is. ENTER is a good choice.""",
    "tune": """  head: the network stays as it is, and only a last layer on top learns your labels. last: its
  last layers learn them too, starting from that head; a little better, and it takes longer.""",
    "start": """  ENTER does what the plan above says. q leaves; nothing has been done yet.""",
    "check": """  ENTER opens a page in your browser that shows the pictures, many at a time: ENTER there says they
  are right, a number gives one another label, u takes it back. It is served to this machine alone.""",
    "picture": """  The path of a picture or of a folder of them, or an address that begins with http.""",
    "instead": """  The searches cannot be reached just now, so pictures have to come from somewhere else:
  a folder of yours, a text file of addresses, or sample. later stops here.""",
    "cycle": f"""  One cycle's worth is {cfg.imgnum_maxpercycle} pictures, so that looking them
  through stays an evening's work.""",
    "fetch": """  y trains with the backbone that is here already; n stops, and nothing is changed.""",
}
HELPS = {name: "  " + " ".join(text.split()) for name, text in _TEXTS.items()}  # broken at the terminal's width
