"""Delegated writers beside each other: each in a git worktree of its own, and what becomes of their changes."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import SEAL, MissionTest, call, calls, os, plan, says, turns  # noqa: E402


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

    def killed_before_its_merge(self):
        """A mission whose worker has written a.txt in its worktree, and whose process is gone. The worktree."""
        self.repository()
        rules = [{"when": {"agent": "Worker", "results": 0},
                  "answer": call("write_file", path="a.txt", content="one\ntwo\n")},
                 {"when": {"agent": "Worker", "results": 1}, "times": 1, "answer": {"fault": "stall"}}]
        process = self.begin("go", script=self.script(rules, start("write a")))
        places = self.work / ".opencode" / "worktrees"
        written = self.wait_for(lambda: next(places.glob("task_*/a.txt"), None), "the worker's file")
        self.wait_for(lambda: any("two" in str(body["messages"]) for body in self.requests("Worker")), "the stall")
        process.kill()
        process.wait()
        self.write("a.txt", "one\n")
        return written.parent

    def test_what_a_killed_process_had_merged_by_half_is_merged_whole(self):
        tree = self.killed_before_its_merge()
        (tree.parent / f".{tree.name}.merging").touch()
        result, _ = self.mission("resume")
        self.assertEqual(self.notes(result)["write a"], "merged into the workspace: a.txt", result)
        self.assertEqual((self.work / "a.txt").read_text(), "one\ntwo\n")
        self.assertEqual([p.name for p in tree.parent.iterdir()], [".gitignore"])

    def test_the_beginning_of_a_file_that_a_person_wrote_stays(self):
        self.killed_before_its_merge()
        result, _ = self.mission("resume")
        self.assertIn("overlap, not merged: a.txt", self.notes(result)["write a"])
        self.assertEqual((self.work / "a.txt").read_text(), "one\n")

    def test_the_repositorys_hooks_do_not_run(self):
        self.repository()
        for name in ("post-checkout", "pre-commit", "post-commit"):
            hook = self.work / ".git" / "hooks" / name
            hook.write_text(f"#!/bin/sh\ntouch {self.base}/ran-{name}\n")
            hook.chmod(0o755)
        result, _ = self.mission("start", "go", script=self.script(writes("write a", "a.txt", "x"), start("write a")))
        self.assertIn("merged", self.notes(result)["write a"])
        self.assertEqual(list(self.base.glob("ran-*")), [])

    def results(self, agent):
        """What the agent's calls answered, in their order."""
        last = max(self.requests(agent), key=lambda body: len(body["messages"]))
        said = [m["content"] for m in last["messages"] if m["role"] == "tool"]
        return [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in said]

    def runs(self, *commands):
        return [{"when": {"agent": "Worker", "results": n}, "answer": call("bash", command=command)}
                for n, command in enumerate(commands)]

    def state_of_git(self):
        """Everything of the repository but objects that came."""
        return {str(p.relative_to(self.work)): (p.read_bytes() if p.is_file() else b"")
                for p in sorted((self.work / ".git").rglob("*")) if "objects" not in p.parts}

    def test_git_works_in_a_worktree(self):
        self.repository()
        self.write("more.txt", "one\ntwo\n")
        self.write(".gitignore", "*.log\n")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "second")
        self.git("tag", "v1")
        result, _ = self.mission("start", "go", script=self.script(self.runs(
            "git status --short && git log --oneline && git branch --show-current",
            "echo three >> more.txt && git diff && git blame more.txt && git grep two && git show --stat v1",
            "git add -A && git commit -qm mine && git log --oneline main..HEAD && git status --short",
            "echo kept > stash.txt && git add stash.txt && git stash -q && git stash list && git stash pop -q",
            "echo x > out.log && git add -f out.log && echo y > not.log && git rm -q shared.txt && git status --short",
            "python3 -c 'import subprocess; print(subprocess.check_output([\"git\",\"rev-parse\",\"HEAD\"]))'",
        ), start("write")))
        said = self.results("You are the Worker")
        for text in said:
            self.assertNotIn("fatal", text)
            self.assertNotIn("exit code", text)
        self.assertIn("second", said[0])
        self.assertIn("oap/task_", said[0])
        self.assertIn("+three", said[1])
        self.assertIn("base", said[1] + said[0])
        self.assertIn("mine", said[2])
        self.assertIn("stash@{0}", said[3])
        note = self.notes(result)["write"]
        self.assertEqual(note, "merged into the workspace: more.txt, out.log, shared.txt, stash.txt", result)
        self.assertEqual((self.work / "more.txt").read_text(), "one\ntwo\nthree\n")
        self.assertFalse((self.work / "shared.txt").exists())
        self.assertFalse((self.work / "not.log").exists())
        self.assertEqual((self.work / "stash.txt").read_text(), "kept\n")
        self.assertEqual(self.git("log", "--oneline").count("\n"), 2, "the person's history stays")
        self.assertEqual(self.git("branch", "--list", "oap/*") + self.git("stash", "list"), "")
        self.assertEqual(self.git("fsck", "--strict", "--no-dangling"), "")
        self.assertEqual(sorted(p.name for p in (self.work / ".opencode/worktrees").iterdir()), [".gitignore"])

    def test_git_in_a_worktree_changes_nothing_of_the_repository(self):
        self.repository()
        hook = self.work / ".git/hooks/post-commit"
        hook.write_text("#!/bin/sh\ntrue\n")
        hook.chmod(0o755)
        self.git("pack-refs", "--all")
        head = self.git("rev-parse", "HEAD").strip()
        before = self.state_of_git()
        git = self.work / ".git"
        result, _ = self.mission("start", "go", script=self.script(self.runs(
            f"echo '[core] pager=touch {self.base}/ran' >> {git}/config; echo x > {git}/hooks/post-commit; "
            f"echo x > {git}/refs/heads/main; rm -rf {git}/objects {git}/hooks; touch {git}/objects/x; ls {git}",
            "git config core.fsmonitor 'touch ran'; echo '[core] fsmonitor=touch ran' >> .git/config; "
            "echo 'touch ran' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
            "echo w > w.txt; git add -A; git commit -qm w; git checkout -q -B main; git branch -f evil; "
            "git update-ref refs/heads/main HEAD; git tag evil; git gc -q --prune=now",
            f"rm -rf .git/refs .git/HEAD; echo 'gitdir: {git}' > .git/commondir; ln -sfn {git} .git/worktrees; "
            "mv .git away; ln -s /etc .git; echo 'gitdir: /etc' > .git",
        ), start("write")))
        self.assertIn("merged into the workspace: ", self.notes(result)["write"], result)
        self.assertEqual((self.work / "w.txt").read_text(), "w\n")
        self.assertEqual(self.git("rev-parse", "HEAD").strip(), head)
        self.assertEqual(self.git("branch", "--list").split(), ["*", "main"])
        self.assertEqual(self.git("tag", "--list"), "")
        self.git("fsck", "--strict")
        after = self.state_of_git()
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        self.assertLessEqual(changed, {".git/index", ".git/logs/refs/heads/oap", ".git/refs/heads/oap", ".git/packed-refs"})
        self.assertEqual(list(self.base.glob("**/ran")), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root works in another one's folder")
    def test_in_a_folder_of_another_user(self):
        self.repository()
        (self.work / ".opencode").mkdir(exist_ok=True)
        for path in (self.work, *self.work.rglob("*")):
            os.chown(path, 64321, 64321, follow_symlinks=False)
        result, _ = self.mission("start", "go", script=self.script(self.runs(
            "git status --short && echo x > x.txt && git add x.txt && git commit -qm x && git log --format=%s"),
            start("write")))
        self.assertEqual(self.results("You are the Worker")[0].split(), ["x", "base"])
        self.assertEqual(self.notes(result)["write"], "merged into the workspace: x.txt")
        self.assertEqual((self.work / "x.txt").stat().st_uid, 64321)

    def test_a_failed_writers_commits_are_on_its_branch(self):
        self.repository()
        rules = self.runs("echo mine > a.txt && git add a.txt && git commit -qm mine") + [
            {"when": {"agent": "Worker"}, "answer": {"status": 400, "text": "no"}}]
        self.write("a.txt", "theirs\n")
        result, _ = self.mission("start", "go", script=self.script(rules, start("write")))
        branch = self.git("branch", "--list", "oap/*").split()[-1]
        self.assertEqual(self.git("show", f"{branch}:a.txt"), "mine\n", result)
        self.git("fsck", "--strict")

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
