"""A model on disk and its credits -> what a page is made of."""

import config as cfg
from flow.base.errors import RoboError
from flow.base.learning import api, find_backbone
from flow.base.names import one_line
from flow.export.card import backbone_words
from flow.export.credits import Credits, licence_name
from flow.export.web.content import DEPTHWISE, POINTWISE, STEM, Credit, Layer, Novelty, Unsupported, WebModel, check
from flow.models import model_store
from flow.models.backbone import load_head
from flow.models.model_store import Model

RUNS = "A page runs models of efficientnet_lite0, _lite1 and _lite2, tuned or not."


def web_model(basetag: str, model: Model, credits: Credits) -> WebModel:
    """What the page of a model is made of.

    Args:
        credits: of the images it learned from.

    Raises:
        RoboError: the page cannot run its network, or the model is damaged.
    """
    head, detector = load_head(model)
    backbone = model.facts["backbone"]
    made = WebModel(
        title=basetag,
        labels=tuple(model.labels),
        layers=layers_of(_network(model)),
        image_size=int(backbone["input_size"]),
        head_weights=head.weights,  # the temperature is inside
        head_bias=head.bias,
        confidence_min=model_store.threshold(model),
        novelty=_novelty(detector) if cfg.distance_gate else None,
        facts=_facts(model),
        notices=(backbone_words(str(backbone["title"])), "RoboFlow, which made this page: MIT License."),
        credits=tuple(Credit(one_line(i.credit), licence_name(i.licence), i.page_url) for i in credits.known),
        own=len(credits.own),
        columns_first=_columns_first(),
    )
    try:
        check(made)
    except Unsupported as problem:
        raise RoboError(f"The model {model.name} cannot become a page: {problem}.", RUNS) from problem
    return made


def layers_of(network: "api.Network") -> tuple[Layer, ...]:
    """The convolutions of an EfficientNet-Lite one after another; the means of its last layer and of each stage are the
    embeddings, in this order."""
    layers = [_layer(network.stem)]
    at = len(network.top.bias)
    for stage in network.stages:
        for block in stage:
            for number, conv in enumerate(block.convs):
                is_last = conv is block.convs[-1]
                ends = is_last and block is stage[-1]
                layers.append(
                    _layer(
                        conv,
                        relu6=not is_last,
                        opens=number == 0,
                        adds=is_last and block.residual,
                        mean_at=at if ends else -1,
                    )
                )
        at += len(stage[-1].convs[-1].bias)
    return (*layers, _layer(network.top, opens=True, mean_at=0))


def _layer(conv: "api.Conv", relu6: bool = True, opens: bool = False, adds: bool = False, mean_at: int = -1) -> Layer:
    kernel, kind = conv.kernel, STEM
    if conv.depthwise:
        kernel, kind = kernel[:, :, :, 0], DEPTHWISE
    elif kernel.shape[:2] == (1, 1):
        kernel, kind = kernel[0, 0], POINTWISE
    return Layer(kind, kernel, conv.bias, conv.stride, relu6, opens, adds, mean_at)


def _network(model: Model) -> "api.Network":
    """The float32 network of a model: its package's, or where its last stages were tuned, its own graph's."""
    facts = model.facts["backbone"]
    if not api.can_be_tuned(str(facts["architecture"])):
        title = one_line(facts["title"])
        raise RoboError(f"The model {model.name} cannot become a page: its backbone is {title}.", RUNS)
    try:
        network = api.network_of(find_backbone(facts["architecture"], int(facts["input_size"])))
        return api.network_in_graph(model.folder / api.GRAPH, network) if "tune" in model.facts else network
    except api.BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    except api.NotThisNetwork as problem:
        raise model_store.damaged(model, str(problem)) from problem


def _novelty(detector: "api.NoveltyDetector") -> Novelty | None:
    """The novelty check; None where nothing can be unfamiliar to it."""
    rows, limit = detector.rows, detector.limit
    if not len(rows) or limit >= 2:
        return None
    return Novelty(rows, detector.centre, detector.spread, limit, detector.columns or (0, len(detector.centre)))


def _columns_first() -> bool:
    """Whether this Pillow makes tall images small by columns before rows, as from 13 on
    (https://github.com/python-pillow/Pillow/pull/9549): a pixel here and there is rounded differently."""
    from PIL import Image

    bilinear = Image.Resampling.BILINEAR
    tall = Image.frombytes("L", (9, 90), bytes(i * i * 7 % 256 for i in range(810)))
    return tall.resize((8, 8), bilinear) != tall.resize((8, 90), bilinear).resize((8, 8), bilinear)


def _facts(model: Model) -> tuple[tuple[str, str], ...]:
    """What a person may want to know about a model, as terms and texts."""
    facts = model.facts
    counts = {label: int(facts["counts"].get(label, {}).get("images", 0)) for label in model.labels}
    return (
        ("Trained on", ", ".join(f"{label} {n}" for label, n in counts.items()) + " images"),
        ("Accuracy", model.accuracy_words.removeprefix("accuracy ")),
        ("Made on", str(facts["created"])[:10]),
        ("Model", model.name),
    )
