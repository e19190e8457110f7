"""A model in int8, run in float32: what its graph, its TFLite file and its page are compared with."""

from dataclasses import replace

from flow.base.learning import find_backbone, open_embedder
from flow.models.backbone import fetch
from flow.models.prediction import Predictor


def in_float32(predictor: Predictor) -> Predictor:
    facts = predictor.model.facts["backbone"]
    backbone = find_backbone(facts["architecture"], int(facts["input_size"]), "float32")
    return replace(predictor, embedder=open_embedder(backbone, fetch(backbone)))
