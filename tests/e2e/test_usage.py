# SPDX-License-Identifier: Apache-2.0
"""Verbs, help and options: what is offered, and exit status 2 for what is not."""
import json
import re

import lib

VERBS = ("sim", "replay", "scenario", "version")


class Usage(lib.Case):
    def test_help_when_asked_is_on_standard_output(self):
        for words in (["--help"], ["-h"], ["help"], *([verb, "--help"] for verb in VERBS), ["sim", "M01", "-h"]):
            done = self.ok(*words)
            self.assertTrue(done.stdout.startswith(b"usage: steward"), words)
            self.assertEqual(done.stderr, b"")

    def test_help_when_of_the_program_names_every_verb(self):
        text = self.ok("--help").stdout.decode()
        for verb in VERBS:
            self.assertRegex(text, rf"(?m)^  {verb} +\S")

    def test_help_when_of_sim_names_every_option(self):
        text = self.ok("sim", "--help").stdout.decode()
        for option in ("seed", "runs", "jobs", "arm", "mind", "llm", "policy", "deployment", "journal", "out", "trace",
                       "data-dir", "json"):
            self.assertIn(f"--{option}", text)

    def test_program_when_given_no_verb_shows_help_and_fails(self):
        done = self.run_steward()
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"usage: steward", done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_verb_when_unknown_is_refused(self):
        self.fails(2, "simulate", tells=["'simulate'", "--help"])
        self.fails(2, "--bogus", tells=["'--bogus'"])

    def test_option_when_wrong_is_refused_and_named(self):
        for words, tells in (
            (["sim"], "wants a target"),
            (["sim", "M01", "--bogus"], "'--bogus'"),
            (["sim", "M01", "--seed"], "--seed"),
            (["sim", "M01", "--seed", "-1"], "'-1'"),
            (["sim", "M01", "--seed", "9007199254740992"], "9007199254740991"),
            (["sim", "M01", "--seed", "1e3"], "'1e3'"),
            (["sim", "M01", "--runs", "0"], "from 1"),
            (["sim", "M01", "--jobs", "257"], "256"),
            (["sim", "M01", "--jobs", "0"], "from 1"),
            (["sim", "M01", "--arm", "robots"], "steward, rules, manual, all"),
            (["sim", "M01", "--mind", "genius"], "saboteur"),
            (["sim", "M01", "--arm", "manual", "--mind", "rules"], "--arm manual"),
            (["sim", "M01", "--mind", "steward", "--arm=rules"], "--mind"),
            (["sim", "M01", "--llm", "gpt"], "honest"),
            (["sim", "M01", "--json", "--json"], "twice"),
            (["sim", "M01", "--json=1"], "takes no value"),
            (["sim", "mix:everything"], "mix:everything"),
            (["sim", *["M01"] * 65], "64 targets"),
            (["replay"], "one journal"),
            (["replay", "a", "b"], "one journal"),
            (["scenario"], "list"),
            (["scenario", "burn"], "'burn'"),
            (["scenario", "list", "--seed", "3"], "--seed"),
            (["scenario", "check", "M01", "--seed", "3"], "--seed"),
            (["scenario", "check", "M01", "--json"], "--json"),
            (["scenario", "show", f"{lib.SOURCE}/scenarios/suites/prior.yaml", "--seed", "3"], "is a suite"),
            (["scenario", "show"], "list"),
            (["scenario", "check"], "list"),
            (["scenario", "show", "M01", "--seed", "x"], "'x'"),
            (["version", "M01"], "no target"),
        ):
            self.fails(2, *words, tells=[tells])

    def test_version_when_asked_is_told(self):
        plain = self.ok("version").stdout.decode()
        self.assertRegex(plain, r"^steward \d+\.\d+\.\d+ \(.+\)\n$")
        self.assertEqual(self.ok("--version").stdout.decode(), plain)
        told = json.loads(self.ok("version", "--json").stdout)
        self.assertTrue(re.match(r"\d+\.\d+\.\d+$", told["version"]))

    def test_scenarios_when_listed_carry_what_the_catalogue_says(self):
        listed = json.loads(self.ok("scenario", "list", "--json").stdout)["scenarios"]
        known = {entry["id"]: entry for entry in listed}
        for family in ("D01", "C01", "P01", "P02", "P05", "M01", "M05", "B01", "B07", "A04", "X04", "X08"):
            entry = known[family]
            self.assertIn("prior", entry["suites"])
            self.assertEqual(entry["file"], f"scenarios/{family}.yaml")
            self.assertTrue(entry["title"] and entry["class"])
        self.assertLessEqual({"P16-activation", "P16-elec2"}, set(known))
        plain = self.ok("scenario", "list").stdout.decode()
        for scenario in known:
            self.assertRegex(plain, rf"(?m)^{scenario} ")

    def test_scenario_when_shown_is_its_file_and_with_a_seed_its_plan(self):
        shown = self.ok("scenario", "show", "M01").stdout.decode()
        self.assertEqual(shown, self.source("scenarios/M01.yaml"))
        planned = self.ok("scenario", "show", "M01", "--seed", "7").stdout.decode()
        self.assertTrue(planned.startswith(shown))
        self.assertIn("bad_model_push", planned[len(shown):])
        self.fails(66, "scenario", "show", "M99", tells=["M99"])
        self.fails(66, "scenario", "show", "M1", tells=["did you mean M01?"])

    def test_scenarios_when_checked_are_sound(self):
        listed = json.loads(self.ok("scenario", "list", "--json").stdout)["scenarios"]
        files = [f"{lib.SOURCE}/{entry['file']}" for entry in listed]
        self.assertEqual(self.ok("scenario", "check", *files).stdout.decode().count(": ok\n"), len(files))
        self.ok("scenario", "check", f"{lib.SOURCE}/scenarios/suites/prior.yaml")


if __name__ == "__main__":
    lib.main()
