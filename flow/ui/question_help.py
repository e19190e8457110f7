"""What `h` explains at each question, in a few lines. The long manual is `texts.helpmore()`."""

import config as cfg

_TEXTS = {
    "basetag": """The basetag is the name of your project, such as robots or birds. It becomes a folder name:
        letters, digits, _ and -. Each basetag has its own images and models.""",
    "near": "y takes the basetag that exists already; n makes a new one, spelled as you typed it.",
    "what_next": """Type the number of what you would like to do. Each step is also a command, which is printed when you
        choose it, so that you can type it yourself another time.""",
    "where": """ENTER searches Openverse and Wikimedia Commons for free images; no key is needed. For your own photos,
        type the path of their folder, or drop the folder into this window. Folders in it that are named like your
        labels can be taken as sorted already. Of a video, or
        a folder of videos, the frames that show something new are taken. camera opens a page where you show it things.
        A text file with one address a line works too. sample draws robots to play with. Other sources: inaturalist,
        gbif, nasa, cleveland, met; several with commas between.""",
    "take": """y copies these images into the training data, with the labels that their folders name. The originals stay
        as they are, and undo removes the copies again. n brings them in unsorted.""",
    "labels": """Labels are the classes that the model tells apart; each becomes a folder. Name two or more, with commas
        between. One called not, for everything else, helps more than any setting.""",
    "quantity": """How many new images to bring in now. 50 are enough for one evening; 20 a label are a start, 100 are
        good. Images that are there already are not brought in again.""",
    "searchtag": """The searchtag is your search, such as robotart or owl; with your own photos it is the name of the
        folder they go to. One basetag can have many searchtags.""",
    "model": """The model that sorts the new images. ENTER takes the one that is best on today's images; d brings the
        images in and sorts nothing.""",
    "retrain": """y trains a new model at the end, on everything that lies in the label folders then. n leaves that for
        another time; nothing is lost.""",
    "harvest": """Harvesting moves sorted images into the training data. c takes only those that you checked, a also
        those that only the model labelled (they count half), n none. undo takes it back.""",
    "architecture": """The backbone is the fixed network that turns an image into numbers (an embedding).
        efficientnet_lite0 is installed already; mobilenet_1.0, mobilenet_v3_large, efficientnet_v2_b0 and inceptionv3
        are downloaded once.""",
    "steps": "How many training steps the last layer takes. ENTER is a good choice; it takes seconds.",
    "image_size": "Images are resized to this many pixels a side. A larger size shows more detail and takes longer.",
    "test_percent": """This share of the images you labelled is the test set: never trained on, it only measures. An
        image stays in the test set once it is in it.""",
    "batch_size": "How many images one training step uses. Larger is steadier.",
    "learning_rate": "How large each training step is. ENTER is a good choice.",
    "harder": """The model that you have is a head, and works. y tries other ways to train on the same images: the last
        layers of the backbone too, and the other solver. All are measured by the same images, and another one is made
        only where it is clearly better. Ctrl-C ends the trying and keeps the model.""",
    "tune": """auto: a head, and then what is clearly better than it, if anything is. head: the backbone stays as it is
        and only the last layer learns your labels. last: the backbone's last layers learn too (fine-tuning), starting
        from that head; a little more accurate, and it takes longer.""",
    "start": "ENTER runs the plan above. q leaves; nothing has been done yet.",
    "check": """ENTER opens a page in your browser that shows many images at a time: ENTER there accepts the labels it
        shows, a number gives an image another label, u undoes. Only this computer can open the page.""",
    "image": "The path of an image or of a folder of images, or an address that begins with http.",
    "instead": """The search services cannot be reached just now, so images have to come from somewhere else: a folder
        of yours, a text file of addresses, or sample. later stops here.""",
    "cycle": f"""One cycle brings at most {cfg.imgnum_maxpercycle} images, so that checking them stays an evening's
        work.""",
    "fetch": "y trains with the backbone that is installed already; n stops, and nothing is changed.",
}
HELPS = {name: "  " + " ".join(text.split()) for name, text in _TEXTS.items()}  # broken at the terminal's width
