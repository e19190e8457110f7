"""RoboFlow's settings: plain values, each with unit, range and reason on its line. Imported as `cfg`.

Order of strength: this file < roboflow.yaml beside it < ROBOFLOW_* in the environment < options of the command. Every
override is checked by type and by the range or choices that the comment on its line declares (`flow/base/settings.py`).
Nothing here is derived, nothing is imported. Read a value as `cfg.name` at the moment it is needed, so that an override
is always seen.
"""

# Where things live
path_to_tf_files = "tf_files"  # folder; a relative one lies beside roboflow.py, whatever the current directory
unsorted_name = "unsorted_"  # start of a folder name; what was downloaded for one searchtag
sorted_name = "sorted_"  # start of a folder name; one run of the classifier
harvested_name = "harvested_"  # start of a folder name; sorted_ folders once harvested
under_name = "_under"  # middle of a folder name; {label}_under925 holds what scored below confidence_min
quarantine_name = "quarantine"  # folder name; images that could not be read or were set aside, with the reasons

# Sorting
confidence_min = 0.925  # fraction 0..1 (over 1 up to 100: percent); an image scored lower goes to {label}_under925
distance_gate = True  # True or False; unfamiliar images (unlike all training images) count as unsure

# Downloading
scrapesite_default = "auto"  # source name; auto = Openverse, then Wikimedia Commons, both without a key
imgnum_default = 50  # images 1..250; what ENTER means when the guide asks how many
imgnum_maxpercycle = 250  # images 1..10000; one cycle's worth, so that checking by hand stays an evening's work
licences = ["cc0", "pdm", "by", "by-sa", "mit", "apache-2.0"]  # licence codes; for training and sharing with credit
contact = ""  # e-mail or web address of yours; sent in the User-Agent, so that a site can reach you
image_side_max = 1024  # pixels 64..8192; longest side kept, far more than any backbone uses
image_side_min = 160  # pixels 16..4096; smaller downloads teach little
image_aspect_max = 4.0  # ratio 1..100; longer strips are banners, not pictures
video_frames_max = 100  # images 1..10000; of one video at most, spread over its length
image_bytes_max = 25000000  # bytes 1000..500000000; a larger file is refused on the wire
near_duplicates_keep = False  # True or False; True keeps re-encoded and cropped copies of what is there already
download_workers = 8  # threads 1..32; enough to keep several hosts busy
host_connections_max = 2  # requests 1..8; at once to one host, as Wikimedia's robot policy asks
host_pause_s = 0.25  # seconds 0..60; between two requests to one host
connect_timeout_s = 10.0  # seconds 0.1..300; to reach a host
read_timeout_s = 20.0  # seconds 0.1..300; between two pieces of an answer
file_deadline_s = 60.0  # seconds 0.5..3600; for one whole file, enforced by closing the socket
addresses_private_allowed = False  # True or False; True lets images come from this machine (tests only)
url_openverse = "https://api.openverse.org"  # base URL; a setting so that it can be tried against a server of one's own
url_commons = "https://commons.wikimedia.org"  # base URL
url_nasa = "https://images-api.nasa.gov"  # base URL
url_inaturalist = "https://api.inaturalist.org"  # base URL
url_gbif = "https://api.gbif.org"  # base URL
url_cleveland = "https://openaccess-api.clevelandart.org"  # base URL
url_met = "https://collectionapi.metmuseum.org"  # base URL
url_huggingface = "https://huggingface.co"  # base URL; for a dataset's card, with its licence
url_huggingface_rows = "https://datasets-server.huggingface.co"  # base URL; for a dataset's rows
url_imgur = "https://api.imgur.com"  # base URL
url_flickr = "https://api.flickr.com"  # base URL

# Retraining
retrain_imgcount_default = 750  # images per label 2..1000000; with fewer it does not train (--images-min lowers it)
retrain_label_min = 2  # labels 2..1000; a classifier needs at least two classes
retrain_model_default = "efficientnet_lite0"  # backbone name; also used where another one cannot be fetched
retrain_precision_default = "int8"  # int8 or float32; of the Lites: int8 is twice as fast; others are always float32
retrain_steps_default = 2600  # steps 1..1000000; more fits the training images closer
retrain_batchsize_default = 64  # images 1..4096; per step
retrain_learnrate_default = 0.01  # rate 0.000001..10; length of one step
retrain_testper_default = 16  # percent 1..50; of a label's images labelled by a person, held out to measure
retrain_valper_default = 10  # percent 0..50; of the training images, watched while training
retrain_imgsize_default = 224  # pixels 32..512; the Lites and mobilenet: 128, 160, 192, 224; others have their own
retrain_solver_default = "sgd"  # sgd or lbfgs; sgd has steps, batch size and learning rate, lbfgs has no knobs
retrain_seed_default = 1  # whole number 0..2147483647; same seed, same data, same model
retrain_tune_default = "auto"  # auto, head or last; auto: a head, then other ways, taken where clearly better
retrain_effort_default = "normal"  # quick, normal or high; how much auto tries: nothing, about 3 minutes, an hour
retrain_tune_epochs_default = 12  # times 1..1000; how often tuning uses every image
retrain_tune_batch_default = 16  # images 2..1024; per step of the tuning
retrain_tune_rate_default = 0.0001  # rate 0.000001..0.1; of the tuning's first step, falls to zero
retrain_tune_folds = True  # True or False; with under 100 test images, train three more networks to measure a tuned one
eval_step_interval = 10  # steps 1..100000; between two points of the TensorBoard curves
test_min_per_label = 20  # images 1..1000; while a label's test share would be smaller, folds measure instead
robot_label_weight = 0.5  # fraction 0..1; weight in training of an image that only a model labelled
robot_labels_max_ratio = 2.0  # ratio 0..100; such images per label, for each that a person labelled, at most
models_keep = 0  # models 0..10000; after an unattended retrain the best and so many newest ones stay; 0 = all
hub_mirrors: list[str] = []  # base URLs tried before tfhub.dev, such as a copy inside a company
hub_timeout_s = 20.0  # seconds 0.1..600; to reach the model hub

# Harvesting
harvest_default = False  # True or False; harvest without being asked to in automatic and retrain_defaults
harvest_unchecked = True  # True or False; harvest what only a model labelled too (at robot_label_weight)

# Text messages
twilio_active = False  # True or False; texts after long downloads, classification, retraining and failures
sms_minsecstonotify = 60  # seconds 0..86400; downloads shorter than this send no text
twilio_base_url = ""  # base URL; only for trying it against a server on this machine

# Running
lock_wait_s = 0.0  # seconds 0..86400; how long to wait for another run on the same basetag
max_minutes = 0.0  # minutes 0..100000; 0 = no limit; a run past it stops cleanly and can be started again
