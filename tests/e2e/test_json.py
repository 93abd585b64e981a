# SPDX-License-Identifier: Apache-2.0
"""The fixed JSON of `steward sim`: names and types of every member, and what the numbers must add up to."""
import re

import lib

ARM = {
    "observe_s": "Q", "detection_s": "Q", "response_s": "Q", "restore_s": "Q", "missed": int, "escalation_rate": float,
    "autonomy_rate": float, "interventions_per_episode": float, "interruptions_per_episode": float,
    "bad_prediction_minutes": float, "harmful_actions": int, "false_actions": int, "needless_pages": int, "violations": int,
    "correct_rate": float, "corrected_by_human_rate": float,
    "violation_list": list, "outcome_errors": dict, "llm_calls": int, "cost_usd": float,
}
TOP = {
    "seed": int, "runs": int, "incidents": int, "fingerprint": str, "events": int, "windows": int, "virtual_s": float,
    "wall_s": float, "arms": dict, "bound_95": float, "bound_95_worst_family": float, "audit": dict,
}


class Json(lib.Case):
    def has_members(self, thing, members):
        for name, kind in members.items():
            self.assertIn(name, thing)
            if kind == "Q":
                self.is_quantiles(thing[name])
            elif kind is float:
                self.assertIn(type(thing[name]), (int, float), name)
            else:
                self.assertIs(type(thing[name]), kind, name)

    def is_quantiles(self, q):
        self.assertEqual(set(q), {"p50", "p95", "p99", "n", "censored"})
        known = [q[name] for name in ("p50", "p95", "p99") if q[name] is not None]
        self.assertEqual(known, sorted(known))
        self.assertTrue(all(value >= 0 for value in known))
        self.assertLessEqual(q["censored"], q["n"])
        if q["n"] == q["censored"]:
            self.assertEqual(known, [])

    def is_interval(self, r):
        self.assertEqual(set(r), {"value", "lo", "hi"})

    def test_result_when_all_arms_run_has_every_member(self):
        result = self.json("sim", "mix:prior", "--runs", "20", "--seed", "7", "--arm", "all")
        self.has_members(result, TOP)
        self.assertEqual(list(result["arms"]), ["steward", "rules", "manual"])
        self.assertEqual((result["seed"], result["runs"], result["incidents"]), (7, 20, 20))
        self.assertTrue(re.fullmatch(r"[0-9a-f]{32}", result["fingerprint"]))
        self.assertEqual(result["virtual_s"], 3 * 20 * 12 * 3600)
        for arm in result["arms"].values():
            self.has_members(arm, ARM)
            self.assertTrue(0 <= arm["escalation_rate"] <= 1 and 0 <= arm["autonomy_rate"] <= 1)
            self.assertEqual(arm["violations"] == 0, arm["violation_list"] == [])
            self.assertIn("S20", arm["outcome_errors"])
            for share in arm["outcome_errors"].values():
                self.is_interval(share)
                self.assertTrue(0 <= share["lo"] <= share["value"] <= share["hi"] <= 1)
        for name in ("reduction", "reduction_vs_rules"):
            self.assertEqual(set(result[name]), {"episodes", "acts", "minutes"})
            for interval in result[name].values():
                self.is_interval(interval)
        audit = result["audit"]
        self.assertEqual(set(audit), {"effects", "records", "complete"})
        self.assertIs(audit["complete"], True)
        self.assertEqual(audit["effects"], audit["records"])
        self.assertEqual(result["arms"]["manual"]["llm_calls"], 0)

    def test_result_when_nothing_was_violated_carries_the_exact_bound(self):
        result = self.json("sim", "M01", "--runs", "20", "--seed", "7")
        self.assertEqual(result["arms"]["steward"]["violations"], 0)
        self.assertAlmostEqual(result["bound_95"], 1 - 0.05 ** (1 / 20), places=9)
        self.assertAlmostEqual(result["bound_95_worst_family"], 1 - 0.05 ** (1 / 20), places=9)

    def test_result_when_the_manual_arm_is_absent_has_no_reduction(self):
        result = self.json("sim", "M01")
        self.assertEqual(list(result["arms"]), ["steward"])
        self.assertIsNone(result["reduction"])
        self.assertIsNone(result["reduction_vs_rules"])

    def test_result_when_the_steward_arm_did_not_run_claims_nothing_of_it(self):
        for arm in ("rules", "manual"):
            result = self.json("sim", "M01", "--arm", arm)
            for name in ("incidents", "bound_95", "bound_95_worst_family", "reduction"):
                self.assertIsNone(result[name], name)
            self.assertEqual(result["audit"], {"effects": None, "records": None, "complete": None})

    def test_result_when_repeated_is_the_same_but_for_the_wall_clock(self):
        first, again = (self.json("sim", "mix:prior", "--runs", "5", "--seed", "9") for _ in range(2))
        first.pop("wall_s"), again.pop("wall_s")
        self.assertEqual(first, again)
        self.assertNotEqual(first["fingerprint"], self.json("sim", "mix:prior", "--runs", "5", "--seed", "10")["fingerprint"])

    def test_fingerprint_when_an_option_only_watches_stays(self):
        plain = self.json("sim", "M05", "--seed", "4")
        watched = self.json("sim", "M05", "--seed", "4", "--trace", "--journal", "a.stw")
        self.assertEqual(plain["fingerprint"], watched["fingerprint"])

    def test_table_when_printed_is_for_people(self):
        table = self.ok("sim", "M01", "--runs", "3", "--arm", "all").stdout.decode()
        for words in ("steward", "rules", "manual", "detection", "response", "restore", "autonomy rate", "violations in 3 episodes",
                      "at 95 %", "not checked:", "fingerprint "):
            self.assertIn(words, table)
        self.assertNotIn("nan", table)

    def test_table_when_of_three_arms_fits_120_columns_and_ends_no_line_in_blanks(self):
        for words in (["mix:prior", "--runs", "40"], ["P16-activation"], ["mix:prior", "--runs", "40", "--mind", "escalate_all"]):
            for line in self.ok("sim", *words, "--arm", "all").stdout.decode().splitlines():
                self.assertLessEqual(len(line), 120, line)
                self.assertEqual(line, line.rstrip())

    def test_table_when_titled_names_what_ran(self):
        for words, title in ((["M01", "--arm", "manual"], "Undertrained model promoted: 1 episode, seed 1"),
                             (["M01", "M05", "--runs", "2"], "M01, M05: 2 episodes, seed 1, mind steward")):
            self.assertEqual(self.ok("sim", *words).stdout.decode().splitlines()[0], title)
        columns = self.ok("sim", "M01", "--arm", "all", "--mind", "rules").stdout.decode().splitlines()[2].split()
        self.assertEqual(columns, ["steward", "(rules)", "rules", "manual"])
        title = self.ok("sim", *["M01"] * 64).stdout.decode().split(":")[0]
        self.assertTrue(title.startswith("M01, M01") and title.endswith("..."), title)


if __name__ == "__main__":
    lib.main()
