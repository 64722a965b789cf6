"""What Prometheus reads at /metrics; with several workers, of all of them together."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from pocketlens.errors import PocketLensError
from pocketlens.extras import requires_extra
from pocketlens.prediction import Prediction

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that makes processes share their figures in a folder."""
_RECENT = 200
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counts requests and answers.

    Attributes:
        waiting: A gauge of the pictures that wait for an answer.
    """

    def __init__(self) -> None:
        """Raises MissingExtraError where prometheus-client is not installed."""
        with requires_extra("serve", "prometheus_client"):
            from prometheus_client import (
                CollectorRegistry,
                Counter,
                Gauge,
                Histogram,
                Summary,
                disable_created_metrics,
            )

        disable_created_metrics()
        self._registry = registry = CollectorRegistry()
        name = "pocketlens_{}".format
        of = {"registry": registry}
        self._requests = Counter(name("requests"), "Requests", ["route", "status"], **of)
        self._seconds = Histogram(
            name("request_seconds"), "Of requests", ["route"], buckets=_BUCKETS, **of
        )
        self.waiting = Gauge(
            name("queue_pictures"), "That wait for an answer", multiprocess_mode="livesum", **of
        )
        self._answers = Counter(name("answers"), "Answers", ["model", "label", "rejected"], **of)
        self._unread = Counter(name("unreadable"), "Pictures without an answer", ["model"], **of)
        self._familiarity = Summary(name("familiarity"), "Of answers", ["model"], **of)
        recent = {"labelnames": ["model"], "multiprocess_mode": "livemostrecent", **of}
        about = f"Of the latest {_RECENT} answers"
        self._recent_rejected = Gauge(name("recent_rejected_share"), about, **recent)
        self._recent_familiarity = Gauge(name("recent_familiarity_mean"), about, **recent)
        self._recent: dict[str, deque[tuple[bool, float]]] = {}

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def count(self, model: str, results: Sequence[Prediction | PocketLensError]) -> None:
        """Counts a model's answers."""
        recent = self._recent.setdefault(model, deque(maxlen=_RECENT))
        for result in results:
            if isinstance(result, PocketLensError):
                self._unread.labels(model).inc()
                continue
            self._answers.labels(model, result.label, str(result.rejected).lower()).inc()
            if result.familiarity is not None:
                self._familiarity.labels(model).observe(result.familiarity)
                recent.append((result.rejected, result.familiarity))
        if recent:
            self._recent_rejected.labels(model).set(fmean(rejected for rejected, _ in recent))
            self._recent_familiarity.labels(model).set(fmean(value for _, value in recent))

    def text(self) -> tuple[bytes, str]:
        """The figures and their content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry: Any = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
