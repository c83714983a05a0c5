"""Agents that only look: what their commands change is thrown away, and told in one line."""

import hashlib
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import SEAL, MissionTest, call, delegate, plan, says, turns  # noqa: E402

ATTACKS = (
    "python3 -c 'open(\"a.txt\", \"w\").write(\"hit\")'",
    "touch new.txt",
    "mkdir -p dir/deep",
    "chmod 777 a.txt",
    "find . -name '*.txt' -delete",
    "perl -e 'open F, \">\", \"a.txt\"; print F \"hit\"'",
    "awk 'BEGIN { print \"hit\" > \"a.txt\" }'",
    "make",
    "git -c user.name=n -c user.email=e@x commit -q --allow-empty -m hit",
    "tar cf sub/x.tar a.txt",
    "sed -n 'w sub/b.txt' a.txt",
    "sort -o a.txt sub/b.txt",
    "bash -c 'echo hit > a.txt; rm -rf sub .git'",
    "python3 -c 'import shutil; shutil.rmtree(\"sub\")'",
    "ln -sfn /tmp sub",
    "echo hit > a.txt",
    "rm a.txt",
    "sed -i s/one/hit/ a.txt",
)


class Looking(MissionTest):
    def repository(self):
        self.write("a.txt", "one\n")
        self.write("sub/b.txt", "b\n")
        self.write("Makefile", "out.o: a.txt\n\tcp a.txt out.o\n")
        for words in (["init", "-q", "-b", "main"], ["add", "."],
                      ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "base"]):
            subprocess.run(["git", *words], cwd=self.work, check=True, env={**self.env, "GIT_CONFIG_NOSYSTEM": "1"})

    def state(self):
        """Every path but those below .opencode, with its kind, mode and content."""
        found = {}
        for path in sorted(self.work.rglob("*")):
            name = str(path.relative_to(self.work))
            if not name.startswith(".opencode"):
                found[name] = (path.lstat().st_mode, path.is_symlink(),
                               hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        return found

    def results(self, agent):
        last = max(self.requests(agent), key=lambda body: len(body["messages"]))
        said = [m["content"] for m in last["messages"] if m["role"] == "tool"]
        return [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in said]

    def attack(self, *rules):
        self.repository()
        before = self.state()
        result, _ = self.mission("start", "go", script=list(rules), timeout=240)
        self.assertEqual(self.state(), before, result)

    def test_a_reviewer_leaves_no_trace(self):
        self.attack(*turns("Commander", plan("T1"), delegate("reviewer", "look"), then=says("seen")),
                    *turns("Reviewer", *(call("bash", command=command) for command in ATTACKS), then=says("looked")))
        said = dict(zip(ATTACKS, self.results("You are the Reviewer")))
        self.assertEqual(len(said), len(ATTACKS))
        self.assertIn("thrown away, as your commands may change no files: 1 change: a.txt", said[ATTACKS[0]])
        self.assertIn("1 change: new.txt", said["touch new.txt"])
        self.assertIn("1 change: dir/deep", said["mkdir -p dir/deep"])
        self.assertIn("1 change: out.o", said["make"])
        self.assertIn("the reviewer may not", said["rm a.txt"])
        for command, text in said.items():
            self.assertTrue("thrown away" in text or "may not" in text, (command, text))

    def test_nor_does_a_commander(self):
        self.attack(*turns("Commander", *(call("bash", command=command) for command in ATTACKS), then=says("looked")))
        said = self.results("You are the Commander")
        self.assertIn("thrown away", said[0])

    def test_what_a_reviewer_has_built_is_evidence(self):
        self.write("Makefile", "out.o: a.txt\n\tgrep -q made a.txt\n\tcp a.txt out.o\n")
        rules = (turns("Commander", plan("T1", check="make"), delegate("worker", "Write a.txt"),
                       delegate("reviewer", "Check T1"), then=says(f"All is there.\n{SEAL}"))
                 + turns("Worker", call("write_file", path="a.txt", content="made\n"), then=says("written"))
                 + turns("Reviewer", call("bash", command="make"), call("todo", action="tick", id="T1"),
                         then=says("holds")))
        result, code = self.mission("start", "go", script=rules)
        self.assertEqual((code, result["status"]), (0, "done"), result)
        self.assertFalse((self.work / "out.o").exists())
        evidence = [one for one in result["evidence"] if one["command"] == "make"]
        self.assertEqual([one["exit_code"] for one in evidence], [0], result)

    def test_a_worker_keeps_what_it_does(self):
        self.repository()
        rules = (turns("Commander", plan("T1"), delegate("worker", "go"), then=says("seen"))
                 + turns("Worker", call("bash", command="touch new.txt && make"), then=says("done")))
        self.mission("start", "go", script=rules)
        self.assertTrue((self.work / "new.txt").exists() and (self.work / "out.o").exists())


if __name__ == "__main__":
    unittest.main()
