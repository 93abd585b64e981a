# SPDX-License-Identifier: Apache-2.0
"""The real servers: started on the loopback, waited for, stopped by their process ids."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

from http_double import ask
from model import record


class NotReady(Exception):
    pass


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(what, seconds, step=0.1):
    """The first true value of what() before the deadline; the last one otherwise. Servers that do not answer count as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = what()
        except (OSError, ValueError, KeyError):
            value = None
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(step)


class Process:
    """One program with a log of its own, in a process group of its own, so that what it started ends with it."""

    def __init__(self, log, arguments, env=None):
        self.arguments, self.log = arguments, pathlib.Path(log)
        with open(self.log, "ab") as sink:
            self.popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True,
                                          env=None if env is None else os.environ | env)

    def is_alive(self):
        return self.popen.poll() is None

    def end(self, number=signal.SIGTERM, seconds=15):
        """Its exit status; it is killed when it does not end."""
        if self.is_alive():
            os.killpg(self.popen.pid, number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
            return None


PROMETHEUS = """\
global: {{scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}}
rule_files: [{folder}/rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}
scrape_configs:
  - {{job_name: pushgateway, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{pushgateway}']}}]}}
"""
RULES = """\
groups:
  - name: models
    rules:
      - alert: ModelAccuracyLow
        expr: sum by (model) (increase(mlqual_correct_total[10s])) / sum by (model) (increase(mlqual_scored_total[10s])) < 0.9
        labels: {severity: critical}
        annotations: {summary: 'accuracy of {{ $labels.model }} is below 0.9'}
"""


class Servers:
    """Pushgateway, Prometheus with one rule, Alertmanager with a receiver for each steward, MLflow."""

    def __init__(self, folder, mlflow):
        self.folder, self.mlflow_program = pathlib.Path(folder), mlflow
        self.ports = {name: free_port() for name in ("pushgateway", "prometheus", "alertmanager", "mlflow")}
        self.processes = []

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, receivers):
        """receivers: {model name: (port of its steward, file with the bearer token)}."""
        self.write(receivers)
        home, listen = self.folder, {name: f"--web.listen-address=127.0.0.1:{port}" for name, port in self.ports.items()}
        self.run("pushgateway", ["prometheus-pushgateway", listen["pushgateway"], "--log.level=warn"])
        self.run("prometheus", ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/prometheus",
                                listen["prometheus"], "--log.level=warn"])
        self.run("alertmanager", ["prometheus-alertmanager", f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/alertmanager",
                                  listen["alertmanager"], "--cluster.listen-address=", "--log.level=warn"])
        self.run("mlflow", [self.mlflow_program, "server", "--host", "127.0.0.1", "--port", str(self.ports["mlflow"]), "--workers", "1",
                            "--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", f"{home}/artifacts"],
                 {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})
        for name in ("pushgateway", "prometheus", "alertmanager"):
            self.await_ready(name, "/-/ready", 30)
        self.await_ready("mlflow", "/health", 120)

    def run(self, name, arguments, env=None):
        self.processes.append(Process(self.folder / f"{name}.log", arguments, env))

    def await_ready(self, name, path, seconds):
        if not wait_for(lambda: ask("GET", self.url(name) + path, timeout=5).status == 200, seconds):
            raise NotReady(f"{name} does not answer within {seconds} s; see {self.folder}/{name}.log")

    def write(self, receivers):
        routes = "".join(f"    - {{matchers: ['model=\"{model}\"'], receiver: {model}}}\n" for model in receivers)
        sinks = "".join(f"  - name: {model}\n    webhook_configs:\n      - url: http://127.0.0.1:{port}/intake/alertmanager\n"
                        f"        http_config: {{authorization: {{credentials_file: {token}}}}}\n" for model, (port, token) in receivers.items())
        (self.folder / "prometheus.yml").write_text(PROMETHEUS.format(folder=self.folder, **self.ports))
        (self.folder / "rules.yml").write_text(RULES)
        (self.folder / "alertmanager.yml").write_text(
            "route:\n  receiver: nobody\n  group_by: [alertname, model]\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n"
            f"  routes:\n{routes}receivers:\n  - name: nobody\n{sinks}")

    def register(self, name):
        """A model with two versions, the first certified and serving."""
        base = self.url("mlflow") + "/api/2.0/mlflow"
        now = int(time.time())
        post(base + "/registered-models/create", {"name": name})
        for version, certified in ((1, True), (2, False)):
            tags = [{"key": key, "value": value} for key, value in record(now, version, certified).items()]
            post(base + "/model-versions/create", {"name": name, "source": f"s3://models/{name}/{version}", "tags": tags})
        self.promote(name, 1, now - 30 * 86400)

    def promote(self, name, version, at=None):
        """What a release pipeline does: it moves the alias and writes down when."""
        base = self.url("mlflow") + "/api/2.0/mlflow"
        post(base + "/registered-models/alias", {"name": name, "alias": "champion", "version": str(version)})
        post(base + "/model-versions/set-tag", {"name": name, "version": str(version), "key": "steward.deployed_at",
                                                "value": str(at or int(time.time()))})

    def champion(self, name):
        answer = ask("GET", f"{self.url('mlflow')}/api/2.0/mlflow/registered-models/alias?name={name}&alias=champion")
        return int(answer.json()["model_version"]["version"])

    def query(self, query):
        """The one sample of an instant query; None without data."""
        result = ask("POST", self.url("prometheus") + "/api/v1/query", urllib.parse.urlencode({"query": query}),
                     {"Content-Type": "application/x-www-form-urlencoded"}).json()["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def accuracy(self, name):
        """Of the last ten seconds, as Prometheus knows it; None without data."""
        return self.query(f'sum(increase(mlqual_correct_total{{model="{name}"}}[10s]))/sum(increase(mlqual_scored_total{{model="{name}"}}[10s]))')

    def n_samples(self, name):
        return self.query(f'count_over_time(mlqual_scored_total{{model="{name}"}}[15s])') or 0

    def stop(self):
        for process in reversed(self.processes):
            process.end()


def post(url, body):
    answer = ask("POST", url, json.dumps(body), {"Content-Type": "application/json"}, 30)
    if answer.status != 200:
        raise NotReady(f"{url}: status {answer.status}: {answer.text()[:200]}")
    return answer.json()
