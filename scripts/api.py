"""What `scripts/` offers to a program that drives it: the one door, which RoboFlow's `flow/` goes through.

Images -> embeddings -> heads -> numbers; no settings, no basetag, nothing printed. Importing it brings numpy and
Pillow; TensorFlow comes with the first call that needs it.

    images      decode, open_image, HashCache, FingerprintIndex, group_near_duplicates
    embed       find_backbone, locate_backbone, Embedder
    train       TrainingJob -> prepare_data -> fit, or prepare_tuning -> finish_tuning -> write_model
    choose      candidates, model_selection: of several ways to train the one that is clearly better
                Companion: any of that in a process of its own, while a person goes on
    measure     Share, paired_test, most_wrong, load_out_of_fold, merge_groups, group_efficiency
    predict     load_head: embeddings -> probabilities and distances
    teach       active_learning: which image to ask about next, and what follows from the answers;
                accuracy_check: how good the predictions are
    explain     MapReader -> evidence_of -> evidence_beside: where the evidence for a label lay
    show        learn_live: a head from what a camera was shown so far; ShotFinder: the shots of a film
    export      open_source, compare_files: TFLite files; network_of, network_in_graph: weights
"""

from scripts.learn import accuracy_check, active_learning, candidates, model_selection
from scripts.learn.activations import network_of
from scripts.learn.backbone_files import key_on_disk
from scripts.learn.backbone_files import locate as locate_backbone
from scripts.learn.backbones import DEFAULT as DEFAULT_BACKBONE
from scripts.learn.backbones import Backbone, BackboneProblem, has_size_choice
from scripts.learn.backbones import can_be_cut as can_be_tuned
from scripts.learn.backbones import find as find_backbone
from scripts.learn.backbones import fingerprint as graph_fingerprint
from scripts.learn.backbones import names as backbone_names
from scripts.learn.cache_paths import CachePaths
from scripts.learn.child import ChildFailed, Companion
from scripts.learn.conversion import converted_path
from scripts.learn.dataset import LabeledImage, SplitRules, TooFewImages, without_repeats
from scripts.learn.efficientnet_lite import Conv, Network
from scripts.learn.embedder import Embedder, store_embeddings
from scripts.learn.evaluation import FOLD_EFFICIENCY, TEST_SET_SUFFICES
from scripts.learn.evidence import Evidence, evidence_of
from scripts.learn.feature_maps import MapReader, NoMaps
from scripts.learn.file_kinds import VIDEO_ENDINGS, still_of
from scripts.learn.fingerprints import Fingerprint, FingerprintIndex, are_near_duplicates, fingerprint
from scripts.learn.graph_weights import NotThisNetwork
from scripts.learn.graph_weights import network_in as network_in_graph
from scripts.learn.grouping import efficiency as group_efficiency
from scripts.learn.grouping import merge_groups, too_few_recordings
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import Head
from scripts.learn.images import Unreadable, decode, load_pixels
from scripts.learn.images import opened as open_image
from scripts.learn.images import pixels_of as image_pixels
from scripts.learn.intervals import Share, most_wrong, paired_test
from scripts.learn.live import LiveModel, learn_live
from scripts.learn.model_files import GRAPH, load_head, parameters_in_name
from scripts.learn.near_duplicate_groups import group_near_duplicates
from scripts.learn.neighbor_graph import NeighborGraph, build_graph
from scripts.learn.novelty import NoveltyDetector
from scripts.learn.out_of_fold import NAME as OUT_OF_FOLD_FILE
from scripts.learn.out_of_fold import OutOfFold
from scripts.learn.out_of_fold import load as load_out_of_fold
from scripts.learn.overlay import beside as evidence_beside
from scripts.learn.overlay import jpeg as jpeg_of
from scripts.learn.overlay import overlay as evidence_over
from scripts.learn.runners import open_runner
from scripts.learn.saved_model import FEATURES as EMBEDDINGS_SIGNATURE
from scripts.learn.shots import CELLS as VIDEO_CELLS
from scripts.learn.shots import EVERY_S as VIDEO_EVERY_S
from scripts.learn.shots import ShotFinder, is_flat
from scripts.learn.tensor import tidy
from scripts.learn.tflite import FILES as TFLITE_FILES
from scripts.learn.tflite import PREDICT as PREDICT_FILE
from scripts.learn.tflite import Compared, ConversionProblem, open_source
from scripts.learn.tflite import compare as compare_files
from scripts.learn.threshold import target_precision
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import (
    PreparedData,
    TrainingJob,
    TrainingResult,
    finish_tuning,
    fit,
    job_digest,
    prepare_data,
    prepare_tuning,
)
from scripts.learn.tune import TuneConfig, TuneRun
from scripts.retrain import write_model

__all__ = [
    "CachePaths",
    "ChildFailed",
    "Companion",
    "Compared",
    "Conv",
    "ConversionProblem",
    "DEFAULT_BACKBONE",
    "Backbone",
    "BackboneProblem",
    "EMBEDDINGS_SIGNATURE",
    "Embedder",
    "Evidence",
    "VIDEO_CELLS",
    "VIDEO_ENDINGS",
    "VIDEO_EVERY_S",
    "FOLD_EFFICIENCY",
    "Fingerprint",
    "FingerprintIndex",
    "GRAPH",
    "HashCache",
    "Head",
    "HeadConfig",
    "LabeledImage",
    "MapReader",
    "LiveModel",
    "NeighborGraph",
    "Network",
    "NoMaps",
    "NotThisNetwork",
    "NoveltyDetector",
    "OUT_OF_FOLD_FILE",
    "OutOfFold",
    "PREDICT_FILE",
    "PreparedData",
    "Share",
    "ShotFinder",
    "SplitRules",
    "TEST_SET_SUFFICES",
    "TFLITE_FILES",
    "TooFewImages",
    "TrainingJob",
    "TrainingResult",
    "TuneConfig",
    "TuneRun",
    "Unreadable",
    "accuracy_check",
    "active_learning",
    "are_near_duplicates",
    "backbone_names",
    "build_graph",
    "can_be_tuned",
    "candidates",
    "compare_files",
    "converted_path",
    "decode",
    "evidence_beside",
    "evidence_of",
    "evidence_over",
    "find_backbone",
    "fingerprint",
    "finish_tuning",
    "fit",
    "graph_fingerprint",
    "group_efficiency",
    "group_near_duplicates",
    "has_size_choice",
    "image_pixels",
    "is_flat",
    "job_digest",
    "jpeg_of",
    "key_on_disk",
    "learn_live",
    "load_head",
    "load_out_of_fold",
    "load_pixels",
    "locate_backbone",
    "model_selection",
    "merge_groups",
    "most_wrong",
    "network_in_graph",
    "network_of",
    "open_image",
    "open_runner",
    "open_source",
    "paired_test",
    "parameters_in_name",
    "prepare_data",
    "prepare_tuning",
    "still_of",
    "store_embeddings",
    "target_precision",
    "tidy",
    "too_few_recordings",
    "without_repeats",
    "write_model",
]
