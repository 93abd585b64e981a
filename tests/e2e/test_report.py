# SPDX-License-Identifier: Apache-2.0
"""`steward report`: files and their shape, the same bytes for the same input, and what is refused."""
import json
import os
import re
import shutil
import sqlite3
import unittest
import xml.dom.minidom

import lib

FIGURES = ["bound.svg", "families.svg", "interventions.svg", "milestones.svg", "response.svg", "timeline.svg"]
HOSTILE = '"<script>alert(1)</script>"'


@unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
class Report(lib.Case):
    def campaign(self, name="run", *words):
        self.ok("sim", "mix:prior", "--runs", "12", "--seed", "7", "--arm", "all", "--out", name, *words)

    def read(self, *names):
        with open(self.path(*names), "rb") as stream:
            return stream.read()

    def everything(self, folder):
        return {os.path.relpath(os.path.join(at, name), self.path(folder)): self.read(at, name)
                for at, _, names in os.walk(self.path(folder)) for name in names}

    def evidence(self, folder):
        return json.loads(self.read(folder, "evidence.json"))

    def is_self_contained(self, html):
        self.assertFalse(re.search(r"(src|href)\s*=\s*[\"']?\s*http", html))
        self.assertNotIn("<script", html)
        self.assertEqual(html.count("<svg"), len(FIGURES))

    def test_report_when_made_of_a_campaign_has_every_file(self):
        self.campaign()
        self.assertEqual(self.ok("report", "run", "--out", "deep/rep").stdout, b"deep/rep/report.html\n")
        self.assertEqual(sorted(os.listdir(self.path("deep/rep"))), ["evidence.json", "figures", "junit.xml", "report.html"])
        self.assertEqual(sorted(os.listdir(self.path("deep/rep/figures"))), FIGURES)
        html = self.read("deep/rep/report.html").decode()
        self.is_self_contained(html)
        self.assertIn("DRAFT", html)
        for name in FIGURES:
            picture = self.read("deep/rep/figures", name).decode()
            xml.dom.minidom.parseString(picture)
            self.assertNotIn("GNUPLOT", picture)
        suites = xml.dom.minidom.parseString(self.read("deep/rep/junit.xml")).getElementsByTagName("testsuite")
        self.assertEqual([suite.getAttribute("name") for suite in suites], ["invariants", "targets"])
        for suite in suites:
            self.assertEqual(int(suite.getAttribute("tests")), len(suite.getElementsByTagName("testcase")))

    def test_report_when_signed_is_checked_and_repeats(self):
        self.campaign()
        self.ok("audit", "keygen", "key", "--name", "example.com/reports")
        self.ok("report", "run", "--out", "rep", "--sign", "key")
        self.ok("report", "run", "--out", "again", "--sign", "key")
        self.assertEqual(self.everything("rep"), self.everything("again"))
        self.assertNotIn(b"DRAFT", self.read("rep", "report.html"))
        self.assertIn("SHA256SUMS.note", os.listdir(self.path("rep")))
        self.assertIn(b"OK", self.ok("audit", "report", "rep", "--key", "key.pub").stdout)
        self.assertEqual(self.json("audit", "report", "rep", "--key", "key.pub")["files"], 9)
        self.assertIn(b"only the report itself", self.ok("audit", "report", "rep").stdout)
        with open(self.path("rep", "junit.xml"), "ab") as stream:
            stream.write(b" ")
        self.assertIn(b"junit.xml", self.ok("audit", "report", "rep", "--key", "key.pub", status=1).stdout)
        self.ok("report", "run", "--out", "rep")
        self.assertIn(b"DRAFT", self.read("rep", "report.html"))
        self.fails(66, "audit", "report", "rep", tells=["SHA256SUMS"])
        self.fails(66, "report", "run", "--out", "other", "--sign", "missing", tells=["missing"])

    @unittest.skipIf(shutil.which("weasyprint"), "weasyprint is installed")
    def test_pdf_when_weasyprint_is_absent_is_told_and_nothing_is_written(self):
        self.campaign()
        self.fails(69, "report", "run", "--out", "rep", "--pdf", tells=["weasyprint", "Debian package weasyprint"])
        self.assertFalse(os.path.exists(self.path("rep")))

    @unittest.skipUnless(shutil.which("weasyprint"), "weasyprint is not installed")
    def test_pdf_when_made_twice_is_the_same(self):
        self.campaign()
        for name in ("rep", "again"):
            self.ok("report", "run", "--out", name, "--pdf")
        self.assertTrue(self.read("rep", "report.pdf").startswith(b"%PDF"))
        self.assertEqual(self.read("rep", "report.pdf"), self.read("again", "report.pdf"))

    def test_evidence_when_made_agrees_with_the_summary(self):
        self.campaign()
        self.ok("report", "run", "--out", "rep")
        summary, evidence = json.loads(self.read("run/campaign.json")), self.evidence("rep")
        self.assertEqual(evidence["ran"]["fingerprint"], summary["fingerprint"])
        self.assertEqual([arm["name"] for arm in evidence["arms"]], ["steward", "rules", "manual"])
        for arm in evidence["arms"]:
            theirs = summary["arms"][arm["name"]]
            self.assertEqual(arm["violations"], theirs["violations"])
            self.assertEqual(arm["needless_pages"], theirs["needless_pages"])
            self.assertAlmostEqual(arm["right_remedy"]["value"], theirs["correct_rate"])
            if arm["name"] == "manual":
                self.assertEqual([arm[name] for name in ("escalation", "right_by_itself", "right_with_person")], [None] * 3)
            else:
                self.assertAlmostEqual(arm["escalation"]["value"], theirs["escalation_rate"])
                self.assertAlmostEqual(arm["right_with_person"]["value"], theirs["corrected_by_human_rate"])
                self.assertAlmostEqual(arm["right_by_itself"]["value"] + arm["right_with_person"]["value"], theirs["correct_rate"])
            self.assertAlmostEqual(arm["interventions_per_episode"]["value"], theirs["interventions_per_episode"])
            ours, wanted = arm["times"]["response"], theirs["response_s"]
            self.assertEqual((ours["n"], ours["open"]), (wanted["n"], wanted["censored"]))
            if wanted["p50"] is not None:
                self.assertAlmostEqual(ours["p50"], wanted["p50"], delta=0.0011)
        self.assertAlmostEqual(evidence["bound"]["upper_95"], summary["bound_95"])
        self.assertEqual(evidence["reductions"]["manual"], summary["reduction"])
        targets = {one["id"]: one for one in evidence["targets"]}
        self.assertIn(targets["interventions"]["verdict"], ("not claimable", "not shown", "not met"))
        self.assertIn("may not be made", targets["interventions"]["note"])
        self.assertEqual(evidence["signature"], None)

    def test_report_when_made_again_has_the_same_bytes(self):
        self.campaign()
        self.campaign("again")
        self.ok("report", "run", "--out", "a")
        self.ok("report", "again", "--out", "b")
        self.assertEqual(self.everything("a"), self.everything("b"))
        self.ok("report", "run", "--out", "a")
        self.assertEqual(self.everything("a"), self.everything("b"))

    def test_report_when_few_episodes_ran_makes_no_claim(self):
        self.ok("sim", "M01", "--seed", "1", "--arm", "all", "--out", "one")
        self.ok("report", "one", "--out", "rep")
        targets = {one["id"]: one for one in self.evidence("rep")["targets"]}
        self.assertEqual(targets["safety"]["verdict"], "too few episodes")
        self.assertIn("at most 1e-06 an episode", targets["safety"]["target"])
        self.assertNotIn("met", [targets[one]["verdict"] for one in ("interventions", "harm", "response", "safety")])
        self.assertIn(b'<skipped message="too few episodes', self.read("rep", "junit.xml"))

    def test_report_when_the_campaign_tells_of_splits_and_forks_shows_them(self):
        self.campaign()
        self.ok("report", "run", "--out", "rep")
        self.assertNotIn(b"Held-out", self.read("rep", "report.html"))
        campaign = json.loads(self.read("run/campaign.json"))
        campaign.update(splits={"held_out": {"episodes": 4}}, forks=[1, 2])
        self.write("run/campaign.json", json.dumps(campaign))
        self.ok("report", "run", "--out", "rep")
        self.assertIn(b"Held-out", self.read("rep", "report.html"))
        self.assertIn(b"As the campaign said", self.read("rep", "report.html"))

    def test_seal_when_files_were_added_or_are_gone_does_not_fit(self):
        self.campaign()
        self.ok("audit", "keygen", "key", "--name", "example.com/reports")
        self.ok("report", "run", "--out", "rep", "--sign", "key")
        for name in ("x/report.pdf", "extra.html", "figures/evil.svg", "figures/deep/evil.svg", ".hidden"):
            self.write("rep/" + name, "evil")
            told = self.ok("audit", "report", "rep", "--key", "key.pub", status=1).stdout.decode()
            self.assertIn(os.path.dirname(name) or name, told)
            self.assertIn("was not signed", told)
            os.unlink(self.path("rep", name))
            if name not in ("extra.html", "figures/evil.svg", ".hidden"):
                os.rmdir(self.path("rep", os.path.dirname(name)))
        self.ok("audit", "report", "rep", "--key", "key.pub")
        os.symlink("/etc/passwd", self.path("rep", "link"))
        self.assertIn(b"link", self.ok("audit", "report", "rep", "--key", "key.pub", status=1).stdout)
        os.unlink(self.path("rep", "link"))
        for name in ("figures/bound.svg", "report.html", "SHA256SUMS", "SHA256SUMS.note"):
            os.rename(self.path("rep", name), self.path("kept"))
            self.assertIn(name.encode(), self.ok("audit", "report", "rep", "--key", "key.pub", status=1).stdout)
            os.rename(self.path("kept"), self.path("rep", name))
        self.ok("audit", "report", "rep", "--key", "key.pub")

    def test_out_when_it_holds_something_else_is_refused(self):
        self.campaign()
        self.write("mine/report.html", "mine")
        self.fails(73, "report", "run", "--out", "mine", tells=["mine", "report.html", "no evidence.json"])
        self.write("mine/evidence.json", '{"format": "another"}')
        self.fails(73, "report", "run", "--out", "mine", tells=["no evidence.json"])
        self.assertEqual(self.read("mine/report.html"), b"mine")
        self.assertEqual(sorted(os.listdir(self.path("mine"))), ["evidence.json", "report.html"])
        self.fails(73, "report", "run", "--out", "run", tells=["run"])
        os.mkdir(self.path("empty"))
        for _ in range(2):
            self.ok("report", "run", "--out", "empty")

    def test_report_when_other_minds_are_given_sets_them_beside(self):
        self.campaign()
        for mind in ("escalate_all", "act_always"):
            self.ok("sim", "mix:prior", "--runs", "12", "--seed", "7", "--mind", mind, "--out", mind)
        self.ok("report", "run", "escalate_all", "act_always", "--out", "rep")
        names = [arm["name"] for arm in self.evidence("rep")["arms"]]
        self.assertEqual(names, ["steward", "rules", "manual", "escalate_all", "act_always"])
        self.ok("sim", "mix:prior", "--runs", "11", "--seed", "7", "--mind", "saboteur", "--out", "other")
        self.fails(65, "report", "run", "other", "--out", "no", tells=["nothing to compare"])
        self.assertFalse(os.path.exists(self.path("no")))

    def test_report_when_made_of_a_journal_says_the_same_as_of_the_campaign(self):
        self.campaign("run", "--journal", "a.stw")
        self.ok("report", "a.stw", "--out", "j")
        self.ok("report", "run", "--out", "c")
        ours, theirs = self.evidence("j"), self.evidence("c")
        self.assertEqual(ours["arms"], theirs["arms"])
        self.assertEqual(ours["invariants"], theirs["invariants"])
        self.assertEqual(ours["bound"], theirs["bound"])
        self.assertIs(ours["audit"]["replayed_the_same"], True)
        self.assertTrue(ours["incident"]["story"])
        self.assertEqual(ours["incident"]["records"], theirs["incident"]["records"])
        self.is_self_contained(self.read("j/report.html").decode())

    def test_report_when_a_scenario_is_hostile_escapes_it(self):
        scenario = self.source("scenarios/M01.yaml").replace("Undertrained model promoted", HOSTILE)
        self.write("hostile.yaml", scenario)
        self.ok("sim", "./hostile.yaml", "--out", "run")
        self.ok("report", "run", "--out", "rep")
        html = self.read("rep/report.html").decode()
        self.is_self_contained(html)
        self.assertIn("&lt;script&gt;alert(1)", html)

    def test_report_when_only_people_or_only_benign_episodes_ran_is_whole(self):
        self.ok("sim", "M01", "--arm", "manual", "--out", "people")
        self.ok("sim", "B01", "--runs", "2", "--out", "benign")
        for name in ("people", "benign"):
            self.ok("report", name, "--out", name + "_rep")
            self.assertFalse(re.search(r"\bnan\b", self.read(name + "_rep", "report.html").decode()))
        html = self.read("people_rep", "report.html").decode()
        self.assertIn("No agent ran", html)
        self.assertNotIn("No arm violated", html)
        self.assertIsNone(self.evidence("people_rep")["bound"]["upper_95"])

    def test_usage_when_wrong_is_told(self):
        self.fails(2, "report", tells=["wants a folder"])
        self.fails(2, "report", "run", tells=["--out"])
        self.fails(2, "report", *["x"] * 9, "--out", "rep", tells=["more than"])
        self.assertIn("evidence.json", self.ok("report", "--help").stdout.decode())

    def test_input_when_missing_or_damaged_is_told(self):
        os.mkdir(self.path("empty"))
        self.fails(66, "report", "nothing", "--out", "rep", tells=["nothing"])
        self.fails(66, "report", "empty", "--out", "rep", tells=["empty/campaign.json"])
        self.write("text", "no journal at all")
        self.fails(65, "report", "text", "--out", "rep", tells=["text"])
        for bad in ("", "{", "[]", "{}", '{"a":1,"a":2}'):
            self.write("bad/campaign.json", bad)
            self.fails(65, "report", "bad", "--out", "rep", tells=["bad/campaign.json"])
        self.assertFalse(os.path.exists(self.path("rep")))

    def test_campaign_when_its_summary_was_embellished_is_refused(self):
        self.campaign()
        whole = json.loads(self.read("run/campaign.json"))
        for change in (lambda c: c["arms"]["steward"].update(violations=1), lambda c: c["arms"]["manual"].update(missed=99),
                       lambda c: c["report"]["arms"].pop("rules"), lambda c: c["report"]["arms"]["steward"].pop("times"),
                       lambda c: c["arms"]["steward"]["invariants"]["S06"].update(breaches=3), lambda c: c.pop("report"),
                       lambda c: c["report"].pop("targets"), lambda c: c.update(runs=13),
                       lambda c: c["arms"]["rules"].update(needless_pages=99), lambda c: c["arms"]["steward"].update(correct_rate=0.999),
                       lambda c: c["arms"]["steward"].update(corrected_by_human_rate=0.001),
                       lambda c: c["arms"]["steward"].update(escalation_rate=None), lambda c: c["arms"]["manual"].update(autonomy_rate=0.5),
                       lambda c: c["arms"]["steward"].update(interventions_per_episode=0.01),
                       lambda c: c["report"]["arms"]["steward"].update(escalated=1000),
                       lambda c: c["report"]["arms"]["steward"].update(touched=c["report"]["arms"]["steward"]["touched"] + 1),
                       lambda c: c["report"]["arms"]["manual"].update(human_ns=1), lambda c: c["report"]["arms"]["manual"].update(bad_micro_minutes=9),
                       lambda c: c["report"]["arms"]["steward"].update(violating=1), lambda c: c["report"]["arms"]["rules"].update(true_incidents=0),
                       lambda c: c["report"]["arms"]["rules"].update(must_escalate=11),
                       lambda c: c["report"]["families"][0]["arms"]["steward"].update(violating=1),
                       lambda c: c["report"]["arms"]["steward"]["invariants"]["S06"].update(episodes_at_stake=12000),
                       lambda c: c["arms"]["steward"].update(human_minutes_per_episode=0.5),
                       lambda c: c["reduction"]["episodes"].update(lo=0.9), lambda c: c["reduction"]["minutes"].update(hi=0.999),
                       lambda c: c["report"]["targets"].update(bound_95=1.0), lambda c: c.update(bound_95=1e-9)):
            campaign = json.loads(json.dumps(whole))
            change(campaign)
            self.write("bad/campaign.json", json.dumps(campaign))
            self.fails(65, "report", "bad", "--out", "rep", tells=["campaign.json"])
        self.assertFalse(os.path.exists(self.path("rep")))

    def test_journal_when_its_verdict_was_edited_is_refused(self):
        self.ok("sim", "M01", "--journal", "a.stw")
        for statement in ("DELETE FROM truth WHERE kind = 'verdict'",
                          "UPDATE truth SET body = replace(body, '\"correct\":true', '\"correct\":false') WHERE kind = 'verdict'",
                          "INSERT INTO truth SELECT run, seq + 100, at_ns, kind, body FROM truth WHERE kind = 'verdict'"):
            shutil.copy(self.path("a.stw"), self.path("b.stw"))
            connection = sqlite3.connect(self.path("b.stw"))
            connection.execute(statement)
            connection.commit()
            connection.close()
            self.fails(65, "report", "b.stw", "--out", "rep", tells=["b.stw"])
        self.assertFalse(os.path.exists(self.path("rep")))

    def test_gnuplot_when_absent_is_told_and_nothing_stays(self):
        self.campaign()
        self.fails(69, "report", "run", "--out", "rep", tells=["gnuplot"], env={"PATH": self.path("nowhere")})
        self.assertFalse(os.path.exists(self.path("rep")))

    def test_gnuplot_when_it_fails_is_told_and_nothing_stays(self):
        self.campaign()
        for script in ("#!/bin/sh\nexit 3\n", "#!/bin/sh\necho no picture\n", "#!/bin/sh\nkill -9 $$\n"):
            os.chmod(self.write("bin/gnuplot", script), 0o755)
            self.fails(69, "report", "run", "--out", "rep", tells=["gnuplot"],
                       env={"PATH": self.path("bin") + ":" + os.environ["PATH"]})
            self.assertFalse(os.path.exists(self.path("rep")))

    def test_out_when_it_cannot_be_written_is_told(self):
        self.campaign()
        self.write("file", "x")
        self.fails(73, "report", "run", "--out", "file", tells=["file"])
        self.fails(73, "report", "run", "--out", "file/inner", tells=["file/inner"])
        self.fails(73, "report", "run", "--out", "x/" * 3000, tells=["too long"])

    def test_disk_when_full_leaves_the_earlier_report_whole(self):
        self.campaign()
        self.ok("report", "run", "--out", "rep")
        before = self.everything("rep")
        for n_bytes in (0, 2000, 60000):
            done = self.run_steward("report", "run", "--out", "rep", preexec_fn=lib.limit_files(n_bytes))
            self.assertIn(done.returncode, (69, 73, 74), done.stderr)
            self.assertEqual(self.everything("rep"), before)
            self.assertEqual(sorted(os.listdir(self.path("rep"))), ["evidence.json", "figures", "junit.xml", "report.html"])


if __name__ == "__main__":
    lib.main()
