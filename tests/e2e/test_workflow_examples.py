"""The example workflows without agents, for real: scripts run, files change."""

import csv
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import ROOT, unittest  # noqa: E402
from workflow import WorkflowTest  # noqa: E402

EXAMPLES = ROOT / "examples" / "workflows"


class Examples(WorkflowTest):
    def example(self, name, *inputs, code=0):
        args = [part for item in inputs for part in ("--input", item)]
        return self.run_json(EXAMPLES / f"{name}.yaml", *args, code=code)

    def people(self, *emails):
        self.write("people.csv", "email,name\n" + "".join(f"{email},N{i}\n" for i, email in enumerate(emails)))
        return (self.work / "people.csv").read_text()

    def test_check_files(self):
        for i in range(12):
            self.write(f"data/{i}.json", "{}" if i else "{")
        run = self.example("check-files", "folder=data")
        self.assertEqual(run["outputs"], {"files": 12})
        self.assertEqual([s["id"] for s in run["steps"] if s["status"] == "failed"], ["check[0]"])
        self.write("data/1.json", "{")
        self.assertEqual(self.example("check-files", "folder=data", code=1)["status"], "failed")

        self.assertIn("there is no folder 'nowhere'", self.example("check-files", "folder=nowhere", code=1)["error"])

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@x", *args], cwd=self.work, check=True,
                       env=self.env, stdout=subprocess.DEVNULL)

    def test_nothing_to_review_and_nothing_to_compare_with(self):
        self.git("init", "-q", "-b", "master")
        self.write("a.py", "x = 1\n")
        self.git("add", "a.py")
        self.git("commit", "-qm", "One")
        self.assertIn("main...HEAD", self.example("code-review", code=1)["error"])
        run = self.example("code-review", "base=master")
        self.assertEqual(run["outputs"], {"verdict": "nothing to review", "findings": 0})
        run = self.example("release-notes", "version=1.0.0", "since=HEAD")
        self.assertEqual(run["outputs"], {"title": "nothing new", "breaking": 0})

    def test_data_cleanup(self):
        self.people("a@x", "b@x", "a@x", "c@x")
        run = self.example("data-cleanup", "file=people.csv", "key=email")
        self.assertEqual(run["outputs"], {"removed": 1})
        with open(self.work / "people.csv", newline="") as file:
            self.assertEqual([row["email"] for row in csv.DictReader(file)], ["a@x", "b@x", "c@x"])
        self.assertFalse((self.work / "people.csv.before").exists())

    def test_data_cleanup_puts_the_file_back(self):
        before = self.people("a@x", "a@x", "a@x", "a@x")
        run = self.example("data-cleanup", "file=people.csv", "key=email", code=1)
        self.assertIn("too many rows", run["error"])
        self.assertEqual((self.work / "people.csv").read_text(), before)
        self.example("data-cleanup", "file=people.csv", "key=nothing", code=1)
        self.assertEqual((self.work / "people.csv").read_text(), before)

    def test_nightly_report(self):
        self.write("src/a.py", "# TODO later\nx = 1\n")
        run = self.example("nightly-report")
        self.assertEqual(run["outputs"], {"report": "reports/nightly.md", "todos": 1, "keys": 0})
        report = (self.work / "reports/nightly.md").read_text()
        self.assertIn("- 1 to-dos", report)
        self.assertIn(".py", report)
        for i in range(300):
            self.write(f"src/{i}.py", "# TODO " + "x" * 1000 + "\n")
        self.assertEqual(self.example("nightly-report")["outputs"]["todos"], 200)

    def test_matrix_tests(self):
        self.assertEqual(self.example("matrix-tests")["outputs"], {"cells": 2, "passed": 2})
        run = self.example("matrix-tests", 'command=[ "$MODE" = fast ]', code=1)
        self.assertEqual(self.steps(run)["summary"]["outputs"], {"cells": 2, "passed": 1})

    def test_deploy_to_staging_and_back(self):
        run = self.deploy("1.2.3", '{"ok": true}')
        self.assertEqual((run["status"], run["outputs"]), ("completed", {"image": "app:1.2.3"}))
        self.assertEqual((self.work / "deployed/staging").read_text(), "1.2.3\n")
        run = self.deploy("1.3.0", '{"ok": false}')
        self.assertEqual(run["status"], "failed")
        self.assertEqual((self.work / "deployed/staging").read_text(), "1.2.3\n")
        self.assertEqual(self.steps(run)["release.compensate"]["status"], "completed", json.dumps(run))

    def deploy(self, version, health):
        process, run_id = self.begin(EXAMPLES / "deploy.yaml", "--yes", "--input", f"version={version}")
        self.flow("signal", run_id, "healthy", health)
        return self.last(process)


if __name__ == "__main__":
    unittest.main()
