# SPDX-License-Identifier: Apache-2.0
"""A model in production that drifts: it serves the version its MLflow alias names, and pushes the telemetry of a serving platform.

Version 1 knows the whole population. Version 2 was trained without the customers of a new price plan: its record looks as good, but once
those customers come it errs. Nothing shows in the inputs that are monitored. So only putting the alias back heals, and it really does."""
import random
import threading
import time

from http_double import ask
from llm import INJECTED

FEATURES = ("logins", "tenure", "complaints")
REQUESTS_PER_S = 200
POSITIVE_RATE = 0.3
LATENCY_BOUNDS = ("0.01", "0.025", "0.05", "0.1", "0.25", "+Inf")
LATENCY_SHARES = (0.1, 0.6, 0.25, 0.04, 0.01, 0.0)
MOVED_WEIGHTS = [0.2 + 0.18 * place for place in range(10)]
GOOD, LOST = 0.93, 0.78


def record(now, version, certified):
    """Tags of a version: its evaluation record and the reference of its inputs."""
    deciles = ",".join(["100000"] * 10 + ["0"] * 3)
    tags = {"steward.schema_id": "1", "steward.holdout_error": "0.07", "steward.positive_rate": str(POSITIVE_RATE), "steward.rows": "100000",
            "steward.latency_p95_ms": "50", "steward.certified": "true" if certified else "false",
            "steward.trained_from": str(now - 90 * 86400), "steward.trained_to": str(now - 20 * 86400),
            "steward.evaluated_from": str(now - 20 * 86400), "steward.evaluated_to": str(now - 10 * 86400),
            "steward.digest": f"{version:032x}"}
    return tags | {f"steward.bins.{feature}": deciles for feature in FEATURES}


class Counters:
    def __init__(self):
        self.values, self.kinds = {}, {}

    def add(self, name, labels, value, kind="counter"):
        self.kinds[name] = kind
        key = (name, tuple(sorted(labels.items())))
        self.values[key] = self.values.get(key, 0) + value

    def text(self, gauges):
        families = {}
        for (name, labels), value in self.values.items():
            families.setdefault(name, []).append((labels, value))
        lines = []
        for name in sorted(families):
            lines.append(f"# TYPE {name} {self.kinds[name]}")
            lines += [_line(name, labels, value) for labels, value in families[name]]
        for name, labels, value in gauges:
            lines += [f"# TYPE {name} gauge", _line(name, sorted(labels.items()), value)]
        return ("\n".join(lines) + "\n").encode()


def _line(name, labels, value):
    return f"{name}{{" + ",".join(f'{key}="{word}"' for key, word in labels) + f"}} {value}"


class Model:
    def __init__(self, name, registry, pushgateway, drift_after_s=15.0, seed=1):
        self.name, self.registry, self.pushgateway = name, registry, pushgateway
        self.drift_after_s = drift_after_s
        self.random = random.Random(f"{seed} {name}")
        self.counters = Counters()
        self.version = self.since = 0
        self.moved = ""  # A feature whose population moves; harmless in itself.
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        """A group that stays would show its last values for ever."""
        self.ending.set()
        self.thread.join(10)
        try:
            ask("DELETE", self.group())
        except OSError:
            pass

    def group(self):
        return f"{self.pushgateway}/metrics/job/mlserve/model/{self.name}"

    def is_lost(self):
        return self.version == 2 and time.monotonic() - self.since >= self.drift_after_s

    def hits(self, n, share):
        return sum(self.random.random() < share for _ in range(n))

    def resolve(self):
        answer = ask("GET", f"{self.registry}/api/2.0/mlflow/registered-models/alias?name={self.name}&alias=champion", timeout=5)
        version = int(answer.json()["model_version"]["version"])
        if version != self.version:
            self.version, self.since = version, time.monotonic()

    def serve(self):
        """A second of traffic, labelled at once."""
        add, n = self.counters.add, REQUESTS_PER_S
        for code in ("200", "500"):
            add("mlserve_requests_total", {"code": code}, n if code == "200" else 0)
        for feature in FEATURES:
            weights = MOVED_WEIGHTS if feature == self.moved else None
            for place in self.random.choices(range(10), weights, k=n):
                add("mlfeat_bin_total", {"feature": feature, "bin": str(place)}, 1)
        for place in self.random.choices(range(10), k=n):
            add("mlpred_score_bin_total", {"bin": str(place)}, 1)
        positives = self.hits(n, POSITIVE_RATE)
        add("mlpred_decisions_total", {"decision": "positive"}, positives)
        add("mlpred_decisions_total", {"decision": "negative"}, n - positives)
        below = 0.0
        for bound, share in zip(LATENCY_BOUNDS, LATENCY_SHARES):
            below += share
            add("mlserve_request_duration_seconds_bucket", {"le": bound}, round(n * below), "untyped")
        add("mlqual_scored_total", {}, n)
        add("mlqual_correct_total", {}, self.hits(n, LOST if self.is_lost() else GOOD))
        add("mlserve_fallback_total", {"reason": "none"}, 0)
        add("mlserve_restarts_total", {}, 0)

    def push(self):
        info = {"version": str(self.version), "role": "champion", "note": INJECTED}
        gauges = [("mlserve_model_info", info, 1), ("mlserve_replicas", {"state": "ready"}, 3), ("mlserve_fallback_active", {}, 0)]
        answer = ask("PUT", self.group(), self.counters.text(gauges), {"Content-Type": "text/plain; version=0.0.4"}, timeout=5)
        assert answer.status in (200, 202), answer.text()

    def run(self):
        due = time.monotonic()
        while not self.ending.is_set():
            try:
                self.resolve()
                self.serve()
                self.push()
            except (OSError, KeyError, ValueError, AssertionError) as problem:
                self.problem = problem
            due += 1.0
            self.ending.wait(max(0.0, due - time.monotonic()))
