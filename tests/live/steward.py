# SPDX-License-Identifier: Apache-2.0
"""A steward under test: its files and secrets, its process, and a person who uses its page over HTTP."""
import base64
import os
import pathlib
import re
import secrets
import signal
import subprocess
import urllib.parse

from http_double import ask
from model import FEATURES
from servers import Process, free_port, wait_for

PEOPLE = {"olga": "oncall", "ada": "approver", "opal": "operator"}

DEPLOYMENT = """\
# {name}: one model, windows of ten seconds, labels without delay.
name: {name}
window: 10s
models:
  - name: {model}
    tier: medium
    requests_per_window: 2000
    label_delay: 0s
    accuracy_floor: 0.85
    availability_floor: 0.99
    features:
{features}tables:
  - {{name: customers, producer: pia}}
people:
  - {{name: olga, roles: [oncall], level: 1}}
  - {{name: ada, roles: [approver]}}
  - {{name: pia, roles: [producer]}}
  - {{name: wanda, roles: [owner]}}
  - {{name: sven, roles: [security]}}
  - {{name: opal, roles: [operator]}}
tools: [state, registry, changes, features, labels, decisions, calendar, platform]
verbs: [NOOP, NOTIFY, ESCALATE, HOLD, STAND_DOWN, WAIT_LABELS, ROLLBACK]
llm: {{enabled: true, deadline: 10s, calls_per_incident: 3, tokens_per_day: 500000}}
live:
{mode}  state_dir: state
  listen: {{port: {port}}}
  prometheus: {{url: {prometheus}, lag: 2s}}
  mlflow: {{url: {mlflow}, timeout: 10s}}
  hook: {{url: {hook}/hook, secret_file: secrets/hook}}
  slack: {{url_file: secrets/chat}}
  otlp: {{url: {hook}/{model}}}
  llm: {{url: {llm}, token_file: secrets/llm, timeout: 3s, model: double-1, cassette: llm.cassette}}
  intake: {{token_file: secrets/alerts, secret_file: secrets/hook}}
  logins:
    - {{person: olga, token_file: secrets/olga}}
    - {{person: ada, token_file: secrets/ada}}
    - {{person: opal, token_file: secrets/opal}}
"""

class Steward:
    """mode None: the file names none, so that the default holds."""

    def __init__(self, program, folder, name, mode):
        self.program, self.folder, self.name, self.model, self.mode = program, pathlib.Path(folder) / name, name, name, mode
        self.port, self.process, self.n_starts = free_port(), None, 0
        self.url = f"http://127.0.0.1:{self.port}"
        self.secrets = {person: secrets.token_urlsafe(24) for person in (*PEOPLE, "alerts", "llm")}
        self.file = self.folder / "steward.yaml"
        self.log = self.folder / "steward.log"
        (self.folder / "secrets").mkdir(parents=True)

    def write(self, servers_url, mlflow, llm, receiver):
        self.secrets["hook"] = receiver.secret
        self.secrets["chat"] = f"{receiver.url}/chat/{secrets.token_urlsafe(16)}"
        for name, value in self.secrets.items():
            path = self.folder / "secrets" / name
            path.touch(mode=0o600)
            path.write_text(value + "\n")
        features = "".join(f"      - {{name: {name}, table: customers, importance: {0.4 - 0.1 * i:.1f}}}\n" for i, name in enumerate(FEATURES))
        mode = "" if self.mode is None else f"  mode: {self.mode}\n"
        self.file.write_text(DEPLOYMENT.format(name=self.name, model=self.model, features=features, mode=mode, port=self.port,
                                               prometheus=servers_url("prometheus"), mlflow=mlflow, hook=receiver.url, llm=llm.url(self.name)))

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def start(self):
        """True when it answers."""
        self.n_starts += 1
        self.process = Process(self.log, [self.program, "live", "-c", str(self.file)])
        return bool(wait_for(lambda: not self.process.is_alive() or ask("GET", self.url + "/readyz", timeout=2).status == 200, 20)
                    ) and self.process.is_alive()

    def kill(self):
        return self.process.end(signal.SIGKILL)

    def end(self):
        return self.process.end(signal.SIGTERM, 30)

    def journal(self):
        return self.folder / "state" / "journal.stw"

    def words(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def status(self):
        return ask("GET", self.url + "/api/status", headers={"Authorization": "Bearer " + self.secrets["olga"]}).json()

    def metric(self, name, labels=""):
        """Of its own /metrics; 0 when it is not there."""
        found = re.search("^" + re.escape(name + labels) + r" (\S+)$", ask("GET", self.url + "/metrics").text(), re.MULTILINE)
        return float(found.group(1)) if found else 0.0


class Person:
    """Signs in with a token and uses the page's own forms."""

    def __init__(self, steward, name):
        self.url, self.cookie = steward.url, ""
        answer = self.post("/login", {"token": steward.secrets[name]})
        if answer.status == 303:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def get(self, path):
        return ask("GET", self.url + path, headers={"Cookie": self.cookie}).text()

    def post(self, path, fields):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie, "Origin": self.url}
        return ask("POST", self.url + path, urllib.parse.urlencode(fields), headers)

    def form(self, path, act):
        """The hidden fields of the page's first form for an act; None when there is none."""
        for form in re.findall(r'<form method="post" action="/act">(.*?)</form>', self.get(path), re.DOTALL):
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            if fields.get("act") == act:
                return fields
        return None


def webhook_secret():
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()
