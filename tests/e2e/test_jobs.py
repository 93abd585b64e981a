# SPDX-License-Identifier: Apache-2.0
"""The number of worker processes never changes a result, and a seed repeats its run alone."""
import contextlib
import os
import sqlite3

import lib


class Jobs(lib.Case):
    def runs_of(self, *words):
        """Arm, mind, scenario, seed and fingerprint of each run that the command records."""
        self.ok("sim", "mix:prior", *words, "--journal", "a.stw")
        with contextlib.closing(sqlite3.connect(self.path("a.stw"))) as database:
            found = database.execute("SELECT arm, mind, scenario, seed, fingerprint FROM run ORDER BY id").fetchall()
        os.remove(self.path("a.stw"))
        return found

    def test_result_when_worked_by_any_number_is_the_same_but_for_the_wall_clock(self):
        results = []
        for jobs in ("1", "2", "5"):
            result = self.json("sim", "mix:prior", "--runs", "60", "--seed", "7", "--arm", "all", "--jobs", jobs)
            result.pop("wall_s")
            results.append(result)
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_run_when_repeated_alone_by_its_seed_is_that_run(self):
        options = ["--mind", "act_always", "--llm", "injected", "--arm", "all"]
        runs = self.runs_of("--runs", "8", "--seed", "7", *options)
        self.assertEqual(len(runs), 3 * 8)
        self.assertEqual({run[:2] for run in runs}, {("steward", "act_always"), ("rules", "rules"), ("manual", "")})
        self.assertGreater(len({run[2] for run in runs}), 2)
        for i in range(0, len(runs), 3):
            alone = self.runs_of("--seed", str(runs[i][3]), *options)
            self.assertEqual(alone, runs[i:i + 3])

    def test_campaign_when_recorded_is_the_one_that_workers_make(self):
        words = ["sim", "mix:prior", "--runs", "8", "--seed", "7", "--jobs", "2"]
        self.assertEqual(self.json(*words, "--journal", "b.stw")["fingerprint"], self.json(*words)["fingerprint"])


if __name__ == "__main__":
    lib.main()
