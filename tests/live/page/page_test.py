#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page as a person uses it, in a real browser: two models drift side by side, a person approves for one and denies for the other.

usage: page_test.py STEWARD MLFLOW BROWSER_MODULES [--keep]
BROWSER_MODULES is where playwright-core was installed; screenshots are put into its directory `shots`."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from llm import Llm  # noqa: E402 - the doubles are one directory up.
from model import Model  # noqa: E402
from receiver import Receiver  # noqa: E402
from servers import NotReady, Servers, wait_for  # noqa: E402
from steward import Steward, webhook_secret  # noqa: E402

NAMES = ("churn", "fraud")  # Approved, denied.


def start(servers, stewards, models, llm, receiver):
    """Both models healthy, both stewards ready."""
    servers.start({})
    for steward, model in zip(stewards, models):
        servers.register(steward.name)
        steward.write(servers.url, servers.url("mlflow"), llm, receiver)
        model.start()
    for steward in stewards:
        if not wait_for(lambda name=steward.name: (servers.accuracy(name) or 0) > 0.9, 60) or not steward.start():
            raise NotReady(f"{steward.name} does not start: {steward.words()[-400:]}")
    for steward in stewards:  # What it has not seen healthy it cannot see changed.
        if not wait_for(lambda steward=steward: steward.metric("steward_events_total", '{kind="window"}') >= 2, 60):
            raise NotReady(f"{steward.name} reads no window: {steward.words()[-400:]}")


def settings(servers, stewards, program, shots, modules):
    described = {steward.name: {"url": steward.url, "file": str(steward.file), "tokens": steward.secrets} for steward in stewards}
    return {"stewards": described, "program": program, "mlflow": servers.url("mlflow"), "modules": modules, "shots": str(shots)}


def main():
    program, mlflow, modules = sys.argv[1:4]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="steward-page-"))
    shots = pathlib.Path(modules) / "shots"
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    servers, llm, receiver = Servers(folder, mlflow), Llm(), Receiver(webhook_secret())
    stewards = [Steward(program, folder, name, "propose") for name in NAMES]
    models = [Model(name, servers.url("mlflow"), servers.url("pushgateway")) for name in NAMES]
    status = 1
    try:
        start(servers, stewards, models, llm, receiver)
        (folder / "settings.json").write_text(json.dumps(settings(servers, stewards, program, shots, modules)))
        status = subprocess.run(["node", str(HERE / "page_test.mjs"), str(folder / "settings.json")], timeout=900, check=False).returncode
    except (NotReady, subprocess.TimeoutExpired) as problem:
        print(f"failed  {problem}\n0 passed, 1 failed, 0 skipped")
    finally:
        for steward in stewards:
            if steward.process is not None:
                steward.end()
        for model in models:
            if model.thread.is_alive():
                model.stop()
        servers.stop()
    if status != 0 or "--keep" in sys.argv:
        print(f"logs and journals: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
