"""The stages behind the cut and a dense layer as trainable TensorFlow variables: AdamW on stored activations."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.learn import efficientnet_lite
from scripts.learn.efficientnet_lite import Conv, Network
from scripts.learn.head import Head, Scaler
from scripts.learn.tensor import import_tensorflow

DECAY = 0.01  # weight decay, of kernels only (AdamW: Loshchilov & Hutter 2019, arXiv 1711.05101)
SMOOTHING = 0.1  # of the labels
DROPOUT = 0.2  # share of the features that a step does not see
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class TunedNetwork:
    """A network with its own last stages, and a head for its features."""

    network: Network
    head: Head


@dataclass(frozen=True)
class Batch:
    """One step's images: `maps` float32 [b, side, side, channels], `means` float32 [b, m], `labels` int [b]; each is
    mixed with its `partners` int [b]: `shares` float32 [b] in 0..1 of itself, the rest of the other (mixup: Zhang et
    al. 2018, arXiv 1710.09412); `dropout` float32 [b, d]: factors of the features, 0 or 1 / (1 - DROPOUT)."""

    maps: np.ndarray
    means: np.ndarray
    labels: np.ndarray
    partners: np.ndarray
    shares: np.ndarray
    dropout: np.ndarray


class TunableLayers:
    """The part that is trained. The dense layer works on features that are centred and scaled as a head's are, so that
    one rate suits both; it starts as a finished head."""

    def __init__(self, network: Network, length: int, label_count: int):
        self._tf = tf = import_tensorflow()
        self._network, self.length, self._count = network, length, label_count
        self._scaler = Scaler(np.zeros(length, np.float32), np.ones(length, np.float32))
        self._mean, self._spread = tf.Variable(self._scaler.mean), tf.Variable(self._scaler.spread)
        self._pairs = {id(c): (tf.Variable(c.kernel), tf.Variable(c.bias)) for c in network.tail()}
        self._dense = tf.Variable(tf.zeros([self.length, label_count])), tf.Variable(tf.zeros([label_count]))
        self._variables = [v for pair in (*self._pairs.values(), self._dense) for v in pair]
        self._moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in self._variables]
        self._steps = 0
        self._step = tf.function(self._train_step, autograph=False, reduce_retracing=True)
        self._features = tf.function(self._forward, autograph=False, reduce_retracing=True)

    def begin(self, head: Head, scaler: Scaler) -> None:
        """Back to the original network, with a dense layer that equals `head`.

        Args:
            scaler: fitted on the features of the training images, and of nothing else.
        """
        self._scaler = scaler
        self._mean.assign(scaler.mean)
        self._spread.assign(scaler.spread)
        flat = self._scaler.unfold(head).astype(np.float32)
        dense = flat[: -self._count].reshape(self.length, self._count), flat[-self._count :]
        values = [array for c in self._network.tail() for array in (c.kernel, c.bias)]
        for variable, value in zip(self._variables, (*values, *dense), strict=True):
            variable.assign(value)
        for pair in self._moments:
            for moment in pair:
                moment.assign(self._tf.zeros_like(moment))
        self._steps = 0

    def step(self, batch: Batch, rate: float) -> float:
        """Train on one batch; returns its loss in nats, before.

        Args:
            rate: learning rate, >= 0.
        """
        tf = self._tf
        self._steps += 1
        numbers = (rate, BETA1**self._steps, BETA2**self._steps)
        arrays = (batch.maps, batch.means, batch.labels, batch.partners, batch.shares, batch.dropout)
        return float(self._step(*map(tf.constant, arrays), *(tf.constant(n, tf.float32) for n in numbers)))

    def features(self, maps: np.ndarray, means: np.ndarray) -> np.ndarray:
        """float32 [n, side, side, channels] and [n, m] -> features float32 [n, d]."""
        return self._features(self._tf.constant(maps), self._tf.constant(means)).numpy()

    def network(self) -> TunedNetwork:
        """As trained so far."""
        pairs = [(kernel.numpy(), bias.numpy()) for kernel, bias in self._pairs.values()]
        return TunedNetwork(self._network.with_tail(pairs), self.head())

    def head(self) -> Head:
        """The dense layer as it is now, for raw features."""
        return self._scaler.fold(*(v.numpy() for v in self._dense))

    def _values(self, conv: Conv) -> tuple[Any, Any]:
        return self._pairs[id(conv)]

    def _forward(self, maps: Any, means: Any) -> Any:
        return efficientnet_lite.tail_of(self._tf, self._network, maps, means, self._values)

    def _train_step(
        self,
        maps: Any,
        means: Any,
        labels: Any,
        partners: Any,
        shares: Any,
        dropout: Any,
        rate: Any,
        power1: Any,
        power2: Any,
    ) -> Any:
        tf = self._tf
        targets = tf.one_hot(labels, self._count) * (1 - SMOOTHING) + SMOOTHING / self._count
        maps, means, targets = (_mixed(tf, x, partners, shares) for x in (maps, means, targets))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self._variables)
            x = (self._forward(maps, means) - self._mean) / self._spread * dropout
            logits = x @ self._dense[0] + self._dense[1]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, self._variables)
        for variable, (first, second), gradient in zip(self._variables, self._moments, gradients, strict=True):
            if len(variable.shape) > 1:
                variable.assign_sub(rate * DECAY * variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=power1,
                beta2_power=power2,
                lr=rate,
                beta1=BETA1,
                beta2=BETA2,
                epsilon=EPSILON,
                grad=gradient,
            )
        return loss


def _mixed(tf: Any, x: Any, partners: Any, shares: Any) -> Any:
    share = tf.reshape(shares, [-1, *[1] * (len(x.shape) - 1)])
    return share * x + (1 - share) * tf.gather(x, partners)
