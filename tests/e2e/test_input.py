# SPDX-License-Identifier: Apache-2.0
"""Bad input: the right exit status, the file as it was given, the place, and nothing written."""
import os

import lib


class Input(lib.Case):
    def good(self):
        return self.source("scenarios/M01.yaml")

    def bad_scenario(self, text, *tells):
        self.write("bad.yaml", text)
        for words in (["sim", "bad.yaml"], ["scenario", "check", "bad.yaml"], ["sim", "./bad.yaml", "--trace"]):
            message = self.fails(65, *words, tells=[words[-1] if words[0] == "scenario" else "bad.yaml", *tells])
            self.assertNotIn("/tmp", message)

    def test_scenario_when_a_key_is_unknown_names_place_and_accepted_keys(self):
        n_lines = self.good().count("\n")
        self.bad_scenario(self.good() + "surprise: 1\n", "'surprise'", f"bad.yaml:{n_lines + 1}:1", "accepted:", "horizon")
        self.bad_scenario(self.good().replace("    main: true", "    mane: true"), "'mane'", "accepted:", "main")

    def test_scenario_when_a_key_is_doubled_is_refused(self):
        self.bad_scenario(self.good() + "id: M01\n", "id", "bad.yaml:")

    def test_scenario_when_a_value_has_the_wrong_type_is_refused(self):
        good = self.good()
        for old, new in (
            ("true_incident: true", "true_incident: 3"),
            ("horizon: 12h", "horizon: 12"),
            ("horizon: 12h", "horizon: [12h]"),
            ("horizon: 12h", "horizon: 1s"),
            ("weight: 58", "weight: many"),
            ("weight: 58", "weight: nan"),
            ("weight: 58", "weight: 1e308"),
            ("at: [1h, 3h]", "at: [3h, 1h]"),
            ("at: [1h, 3h]", "at: {from: 1h}"),
            ("kind: bad_model_push", "kind: bad_mood"),
            ("correct: ROLLBACK(target=last_known_good)", "correct: REBOOT"),
            ("id: M01", "id: " + "M" * 400),
            ("id: M01", "id: &a M01"),
            ("id: M01", "id: !!str M01"),
        ):
            self.assertIn(old, good)
            self.bad_scenario(good.replace(old, new), "bad.yaml:")

    def test_scenario_when_it_cannot_work_is_refused_with_its_line(self):
        good = self.good()
        for old, new, status, tells in (
            ("at: [1h, 3h]", "at: [13h, 14h]", 65, "bad.yaml:15: item bad_model_push"),
            ("class: bad_model_push", "class: nonsense", 65, "bad.yaml:4: 'class': 'nonsense'"),
            ("family: M01", "family: m1", 65, "bad.yaml:5:9: 'family'"),
            ("true_incident: true", "true_incident: false", 65, "'true_incident' is false"),
            ("deployment: fleet", "deployment: nowhere", 66, "bad.yaml:6: 'deployment': nowhere"),
            ("policy: default", "policy: none.yaml", 66, "bad.yaml:7: 'policy': none.yaml"),
            ("correct: ROLLBACK", "correct: ROLLBAK", 65, "'ROLLBAK'"),
            ("a: [0.03, 0.30]", "a: [nan, 0.30]", 65, "bad.yaml:18:9: 'a': expected a number"),
        ):
            self.assertIn(old, good)
            self.write("bad.yaml", good.replace(old, new))
            self.fails(status, "scenario", "check", "bad.yaml", tells=[tells])
            self.fails(status, "sim", "bad.yaml", tells=[tells])
        self.write("own.yaml", good.replace("id: M01", "id: Z01").replace("family: M01", "family: Z01"))
        self.ok("scenario", "check", "own.yaml")

    def test_scenario_when_pressed_before_its_start_is_played(self):
        self.write("own.yaml", self.good().replace("at: [1h, 3h]", "at: 1min").replace("weight: 58", "weight: 9999"))
        self.ok("sim", "mix:prior", "own.yaml", "--runs", "40")

    def test_files_when_checked_are_all_looked_at(self):
        self.write("bad.yaml", self.good() + "surprise: 1\n")
        self.write("good.yaml", self.good())
        done = self.run_steward("scenario", "check", "bad.yaml", "none.yaml", "good.yaml", "bad.yaml")
        self.assertEqual(done.returncode, 65)
        self.assertEqual(done.stdout.decode(), "good.yaml: ok\n")
        lines = done.stderr.decode().splitlines()
        self.assertEqual([line.split(":")[1].strip() for line in lines], ["bad.yaml", "none.yaml", "bad.yaml"])

    def test_name_when_it_holds_a_line_break_is_told_on_one_line(self):
        for name in ("a\nb.yaml", "a\nb", "\x1b[2J.yaml"):
            message = self.fails(66, "sim", name)
            self.assertEqual(message.count("\n"), 1)
            self.assertNotIn("\x1b", message)
            self.assertRegex(message, r"\\x0a|\\x1b")

    def test_scenario_when_a_key_is_missing_names_it(self):
        self.bad_scenario(self.good().replace("horizon: 12h\n", ""), "'horizon'", "missing")

    def test_scenario_when_it_is_no_yaml_is_refused(self):
        for text in ("", "[", "\x00\x01\x02", "a: b: c", "- 1\n- 2\n", "---\na: 1\n---\nb: 2\n", b"\xff\xfe\xfd", "{" * 5000,
                     "x: " + "a" * (2 << 20), "a: &a [*a]\n", "\n" * 10):
            self.bad_scenario(text)

    def test_suite_when_it_lists_what_does_not_exist_is_refused(self):
        self.write("suite.yaml", "name: own\ntitle: Own\nweights: prior\nscenarios:\n  - M99\n")
        self.fails(66, "sim", "suite.yaml", tells=["M99"])
        self.write("suite.yaml", "name: own\ntitle: Own\nweights: none\nscenarios:\n  - M01\n")
        self.fails(65, "sim", "suite.yaml", tells=["'none'", "prior, uniform"])
        self.write("suite.yaml", "name: own\ntitle: Own\nweights: prior\nscenarios: []\n")
        self.fails(65, "sim", "suite.yaml", tells=["suite.yaml: lists no scenario"])

    def test_suite_when_on_disk_finds_the_scenario_beside_it(self):
        self.write("own/X77.yaml", self.good().replace("id: M01", "id: X77"))
        self.write("own/suite.yaml", "name: own\ntitle: Own\nweights: uniform\nscenarios:\n  - X77\n")
        self.ok("scenario", "check", "own/suite.yaml")

    def test_target_when_missing_or_a_directory_is_told(self):
        os.mkdir(self.path("folder.yaml"))
        self.fails(66, "sim", "folder.yaml", tells=["folder.yaml: is a directory"])
        self.fails(66, "sim", "missing.yaml", tells=["missing.yaml: No such file"])
        self.fails(66, "sim", "./", tells=["./: is a directory"])
        self.fails(66, "sim", "M99", tells=["'M99'", "scenario list"])
        self.fails(66, "sim", "m01", tells=["'m01'", "did you mean M01?"])
        os.mkdir(self.path("folder"))
        self.fails(66, "sim", "folder", tells=["folder: is a directory"])
        self.fails(66, "sim", "a/" * 3000, tells=["too long"])
        self.fails(66, "sim", "/dev/zero", tells=["/dev/zero: is not a regular file"])

    def test_configuration_when_bad_has_a_status_of_its_own(self):
        for option, file in (("--policy", "policies/default.yaml"), ("--deployment", "deployments/fleet.yaml")):
            good = self.source(f"scenarios/{file}")
            for text in (good + "surprise: 1\n", good + good, "", "[", "- 1\n"):
                self.write("own.yaml", text)
                self.fails(78, "sim", "M01", option, "own.yaml", tells=["own.yaml"])
            self.write("own.yaml", good)
            self.ok("sim", "M01", option, "own.yaml")
            self.fails(66, "sim", "M01", option, "missing.yaml", tells=["missing.yaml"])
            self.fails(66, "sim", "M01", option, "./", tells=["is a directory"])
            self.fails(66, "sim", "M01", option, "nobody", tells=["nobody"])
            os.makedirs(self.path("folder"), exist_ok=True)
            self.fails(66, "sim", "M01", option, "folder", tells=["folder: is a directory"])

    HEAD = "period,nswprice,nswdemand,vicprice,vicdemand,transfer,class\n"
    ROW = "0.5,0.05,0.4,0.003467,0.422915,0.414912,1\n"

    def bad_csv(self, text, *tells, status=65):
        self.write("data/elec2_electricity.csv", text)
        self.fails(status, "sim", "P16-elec2", "--data-dir", "data", tells=["data/elec2_electricity.csv", *tells])

    def test_recording_when_a_row_is_bad_names_the_line(self):
        for row in (
            "0.5,nan,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,inf,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,1e999,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,0.05x,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,0x10,0.4,0.003467,0.422915,0.414912,1\n",
            "0.5,0.05,0.4,0.003467,0.422915,1\n",
            "0.5,0.05,0.4,0.003467,0.422915,0.414912,1,1\n",
            "0.5,0.05,0.4,0.003467,0.422915,0.414912,2\n",
            "0.5,0.05,0.4,0.003467,0.422915,0.414912,maybe\n",
            '0.5,"0.05,0.4,0.003467,0.422915,0.414912,1\n',
            "\x00\x01\n",
        ):
            self.bad_csv(self.HEAD + self.ROW * 8 + row + self.ROW, "line 10")

    def test_recording_when_a_column_is_missing_names_it(self):
        self.bad_csv(self.HEAD.replace("vicprice", "viceprice") + self.ROW, "vicprice")
        self.bad_csv(self.HEAD.replace("class", "klass") + self.ROW, "class")

    def test_recording_when_too_short_or_no_file_is_refused(self):
        self.bad_csv(self.HEAD + self.ROW * 100, "100 rows")
        self.bad_csv(self.HEAD)
        self.bad_csv("", "is empty")
        self.fails(66, "sim", "P16-elec2", "--data-dir", "nowhere", tells=["nowhere/elec2_electricity.csv"])
        self.fails(66, "sim", "P16-elec2", tells=["--data-dir"])
        os.mkdir(self.path("folder"))
        os.mkdir(self.path("folder/elec2_electricity.csv"))
        self.fails(66, "sim", "P16-elec2", "--data-dir", "folder", tells=["is a directory"])

    def test_recording_when_its_event_lies_too_late_is_refused(self):
        text = self.source("scenarios/P16-activation.yaml").replace("at: 14d", "at: 200d").replace("horizon: 84d",
                                                                                              "horizon: 300d")
        self.write("late.yaml", text)
        self.fails(65, "sim", "late.yaml", tells=["P16-activation", "200 days"])


if __name__ == "__main__":
    lib.main()
