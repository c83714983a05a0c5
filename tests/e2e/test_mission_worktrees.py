"""Delegated writers beside each other: each in a git worktree of its own, and what becomes of their changes."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import SEAL, MissionTest, call, calls, plan, says, turns  # noqa: E402


def start(prompt, **more):
    return ("delegate_task", {"agent": "worker", "description": prompt, "prompt": prompt, "background": True,
                              "worktree": True, **more})


def writes(prompt, path, content):
    return [{"when": {"agent": "Worker", "user": prompt, "results": 0},
             "answer": call("write_file", path=path, content=content)},
            {"when": {"agent": "Worker", "user": prompt, "results": 1}, "answer": call("bash", command=f"cat {path}")}]


class Worktrees(MissionTest):
    def git(self, *args):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *args], cwd=self.work, check=True,
                              capture_output=True, text=True, env={**self.env, "GIT_CONFIG_NOSYSTEM": "1"}).stdout

    def repository(self):
        self.write("shared.txt", "base\n")
        self.git("init", "-q", "-b", "main")
        self.git("add", "shared.txt")
        self.git("commit", "-q", "-m", "base")

    def script(self, rules, *starts):
        return (turns("Commander", plan("T1"), calls(*starts), says("they are at work")) + rules
                + [{"when": {"agent": "Worker"}, "answer": says("written")},
                   {"when": {"agent": "Commander"}, "answer": says("seen")}])

    def notes(self, result):
        return {task["description"]: task["note"] for task in result["tasks"]}

    def test_two_writers_are_merged_where_they_do_not_overlap(self):
        self.repository()
        rules = writes("write a", "a.txt", "from a\n") + writes("write b", "b.txt", "from b\n")
        result, _ = self.mission("start", "go", script=self.script(rules, start("write a"), start("write b")))
        notes = self.notes(result)
        self.assertEqual(notes, {"write a": "merged into the workspace: a.txt",
                                 "write b": "merged into the workspace: b.txt"}, result)
        self.assertEqual((self.work / "a.txt").read_text(), "from a\n")
        self.assertEqual((self.work / "b.txt").read_text(), "from b\n")
        self.assertEqual(self.git("branch", "--list", "oap/*"), "")
        self.assertEqual(self.git("worktree", "list").count("\n"), 1)
        self.assertEqual(self.git("log", "--oneline").count("\n"), 1, "the person's history stays")
        listed = self.oap("undo", "--list", "--json").json()["turns"]
        self.assertEqual({turn["session_id"] for turn in listed}, {result["session_id"]}, listed)
        self.assertEqual(self.oap("undo", "2").code, 0)
        self.assertEqual([p.name for p in self.work.iterdir() if p.suffix == ".txt"], ["shared.txt"])

    def test_an_overlap_is_named_and_nothing_is_lost(self):
        self.repository()
        rules = writes("write one", "shared.txt", "one\n") + writes("write two", "shared.txt", "two\n")
        result, _ = self.mission("start", "go", script=self.script(rules, start("write one"), start("write two")))
        merged = [n for n in self.notes(result).values() if n.startswith("merged")]
        kept = [n for n in self.notes(result).values() if n.startswith("overlap")]
        self.assertEqual((len(merged), len(kept)), (1, 1), result)
        self.assertIn("shared.txt changed here and in the workspace", kept[0])
        branch = self.git("branch", "--list", "oap/*").split()[-1]
        self.assertIn(branch, kept[0])
        self.assertEqual({(self.work / "shared.txt").read_text(), self.git("show", f"{branch}:shared.txt")},
                         {"one\n", "two\n"})

    def test_files_that_govern_stay_on_the_branch_and_a_half_written_one_goes(self):
        self.repository()
        rules = [{"when": {"agent": "Worker", "results": n}, "answer": answer} for n, answer in enumerate((
            call("write_file", path="new.txt", content="new\n"),
            call("bash", command="mkdir sub && echo half > sub/.oap_write_01.tmp"),
            call("bash", command="mkdir -p deep && echo '{}' > deep/x.code-workspace; echo x > y.code-workspace")))]
        result, _ = self.mission("start", "go", script=self.script(rules, start("write")))
        note = self.notes(result)["write"]
        self.assertTrue(note.startswith("merged into the workspace: deep/x.code-workspace, new.txt; left out"), note)
        self.assertIn("y.code-workspace (the branch oap/task_", note)
        self.assertFalse((self.work / "y.code-workspace").exists())
        self.assertFalse((self.work / "sub").exists())
        branch = self.git("branch", "--list", "oap/*").split()[-1]
        self.assertEqual(self.git("show", f"{branch}:y.code-workspace"), "x\n")

    def test_what_is_in_the_workspace_already_is_no_overlap(self):
        self.repository()
        rules = [{"when": {"agent": "Worker", "results": 0}, "answer": call("write_file", path="a.txt", content="a\n")},
                 {"when": {"agent": "Worker", "results": 1},
                  "answer": call("write_file", path="b.txt", content="b\n")}]
        self.write("a.txt", "a\n")  # as a process left it that died after it had merged
        result, _ = self.mission("start", "go", script=self.script(rules, start("write")))
        self.assertEqual(self.notes(result)["write"], "merged into the workspace: a.txt, b.txt", result)
        self.assertEqual((self.work / "b.txt").read_text(), "b\n")

    def test_what_a_killed_process_had_merged_by_half_is_merged_whole(self):
        self.repository()
        self.write("a.txt", "one\n")  # as git leaves it where it is killed while it writes
        rules = writes("write a", "a.txt", "one\ntwo\n")
        result, _ = self.mission("start", "go", script=self.script(rules, start("write a")))
        self.assertEqual(self.notes(result)["write a"], "merged into the workspace: a.txt", result)
        self.assertEqual((self.work / "a.txt").read_text(), "one\ntwo\n")

    def test_the_repositorys_hooks_do_not_run(self):
        self.repository()
        for name in ("post-checkout", "pre-commit", "post-commit"):
            hook = self.work / ".git" / "hooks" / name
            hook.write_text(f"#!/bin/sh\ntouch {self.base}/ran-{name}\n")
            hook.chmod(0o755)
        result, _ = self.mission("start", "go", script=self.script(writes("write a", "a.txt", "x"), start("write a")))
        self.assertIn("merged", self.notes(result)["write a"])
        self.assertEqual(list(self.base.glob("ran-*")), [])

    def test_without_a_repository_it_is_said(self):
        result, _ = self.mission("start", "go", script=self.script([], start("write a")))
        self.assertEqual(result["tasks"][0]["state"], "failed")

    def test_a_writer_cannot_leave_its_worktree(self):
        self.repository()
        rules = [{"when": {"agent": "Worker", "results": 0},
                  "answer": call("write_file", path=str(self.work / "shared.txt"), content="hit\n")},
                 {"when": {"agent": "Worker", "results": 1},
                  "answer": call("bash", command=f"echo hit > {self.work}/shared.txt")}]
        self.mission("start", "go", script=self.script(rules, start("write a")))
        self.assertEqual((self.work / "shared.txt").read_text(), "base\n")


if __name__ == "__main__":
    unittest.main()
