#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One incident to follow: a healthy model, a release that drifts away, steward on the page. Ends with Ctrl-C.

usage: demo.py STEWARD MLFLOW [--mode MODE] [--seconds N]"""
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from llm import Llm
from model import Model
from proxy import Proxy
from receiver import Receiver
from servers import NotReady, Servers, wait_for
from steward import Steward, webhook_secret


def option(name, absent):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else absent


def follow(servers, steward, until):
    """Tells what changes: the alias, the metric, the incident, what waits for a person."""
    told = ""
    while time.monotonic() < until and steward.process.is_alive():
        try:
            status, accuracy = steward.status(), servers.accuracy(steward.model)
            incidents = ", ".join(f"incident {entry['incident']} {entry['state']}, cause {entry['cause']}" for entry in status["incidents"])
            waits = ", ".join(f"request {entry['approval']} waits: {entry['action']}" for entry in status["approvals"])
            words = f"version {servers.champion(steward.model)} serves; {incidents or 'no incident'}{'; ' if waits else ''}{waits}"
        except (OSError, ValueError, KeyError):
            words, accuracy = "no answer", None
        if words != told:
            print(f"  {time.strftime('%H:%M:%S')} accuracy {'?' if accuracy is None else format(accuracy, '.2f')}: {words}", flush=True)
            told = words
        time.sleep(1)


def keep_journal(program, steward, kept, code):
    """What an orderly end closed is one file; of any other end the log beside it belongs to it."""
    for old in kept.glob("journal.stw*"):
        old.unlink()
    if not steward.journal().exists():
        print("there is no journal to keep")
        return
    files = sorted(steward.journal().parent.glob("journal.stw*"))
    for file in files:
        shutil.copy(file, kept / file.name)
    if code == 0 and len(files) == 1:
        print(f"the journal is kept; the whole story: {program} replay {kept}/journal.stw --trace")
    else:
        print(f"steward ended with {code} and did not close its journal; what it left is kept as it is: {', '.join(str(kept / file.name) for file in files)}")


def main():
    program, mlflow = sys.argv[1], sys.argv[2]
    mode, seconds = option("--mode", "propose"), float(option("--seconds", 24 * 3600))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="steward-demo-"))
    servers, llm, receiver = Servers(folder, mlflow), Llm(), Receiver(webhook_secret())
    proxy = Proxy(servers.url("mlflow"))
    steward = Steward(program, folder, "churn", mode)
    token = folder / "alerts.token"
    token.write_text(steward.secrets["alerts"])
    model = Model("churn", servers.url("mlflow"), servers.url("pushgateway"), drift_after_s=20.0)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        print("starting Pushgateway, Prometheus, Alertmanager and MLflow ...", flush=True)
        servers.start({"churn": (steward.port, token)})
        servers.register("churn")
        steward.write(servers.url, proxy.url, llm, receiver)
        model.start()
        if not wait_for(lambda: (servers.accuracy("churn") or 0) > 0.9, 60) or not steward.start():
            raise NotReady(f"see the logs in {folder}")
        print(f"\n  steward       {steward.url}/            sign in with one of these tokens"
              f"\n                ada (approver)     {steward.secrets['ada']}"
              f"\n                olga (on call)     {steward.secrets['olga']}"
              f"\n                opal (operator)    {steward.secrets['opal']}"
              f"\n  MLflow        {servers.url('mlflow')}/#/models/churn"
              f"\n  Prometheus    {servers.url('prometheus')}/alerts"
              f"\n  Alertmanager  {servers.url('alertmanager')}/"
              f"\n  Pushgateway   {servers.url('pushgateway')}/"
              f"\n  files         {folder}\n"
              f"\nIn 20 s version 2 of churn is released; about 20 s after that it drifts away. Mode {mode}"
              + (": approve the rollback on the page as ada." if mode == "propose" else ".") + "\nCtrl-C ends everything.\n", flush=True)
        until = time.monotonic() + seconds
        follow(servers, steward, min(until, time.monotonic() + 20))
        servers.promote("churn", 2)
        follow(servers, steward, until)
    except NotReady as problem:
        print(f"live-demo: {problem}", file=sys.stderr)
        return 69
    except KeyboardInterrupt:
        print("\nending ...")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        code = steward.end() if steward.process is not None else None
        model.stop()
        servers.stop()
    kept = pathlib.Path("build") / "live-demo"
    kept.mkdir(parents=True, exist_ok=True)
    keep_journal(program, steward, kept, code)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
