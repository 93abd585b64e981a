# SPDX-License-Identifier: Apache-2.0
"""The number of worker processes never changes a result."""
import lib


class Jobs(lib.Case):
    def test_result_when_worked_by_any_number_is_the_same_but_for_the_wall_clock(self):
        results = []
        for jobs in ("1", "2", "5"):
            result = self.json("sim", "mix:prior", "--runs", "60", "--seed", "7", "--arm", "all", "--jobs", jobs)
            result.pop("wall_s")
            results.append(result)
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_run_when_repeated_alone_by_its_seed_is_that_run(self):
        listed = self.json("sim", "mix:prior", "--runs", "40", "--seed", "7", "--mind", "saboteur", status=None)
        for violation in listed["arms"]["steward"]["violation_list"][:3]:
            alone = self.json("sim", "mix:prior", "--seed", str(violation["seed"]), "--mind", "saboteur", status=None)
            found = alone["arms"]["steward"]["violation_list"]
            self.assertIn(violation, found)

    def ok(self, *words, status=0):
        done = self.run_steward(*words)
        expected = (0, 1) if status is None else (status,)
        self.assertIn(done.returncode, expected, (words, done.stderr.decode()))
        return done


if __name__ == "__main__":
    lib.main()
