"""`oap sandbox exec`: what a person or a script sees of the sandbox."""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from harness import OAP, OapTest, unittest  # noqa: E402

KINDS = ["fs", "net", "pid", "seccomp", "mem", "cpu", "pids", "disk"]


class SandboxTest(OapTest):
    def exec(self, *args, options=(), **kwargs):
        return self.oap("sandbox", "exec", *options, "--", *args, **kwargs)

    def bash(self, script, options=(), **kwargs):
        return self.exec("bash", "-c", script, options=options, **kwargs)

    def report(self, result):
        return json.loads(result.err.splitlines()[-1])


class Exec(SandboxTest):
    def test_stdio_passes_through_and_the_exit_code_is_the_programs(self):
        result = self.bash("cat; echo err >&2; exit 7", stdin="in\n")
        self.assertEqual((result.code, result.out, result.err), (7, "in\n", "err\n"))
        self.assertEqual(self.bash("kill -TERM $$").code, 128 + signal.SIGTERM)

    def test_the_workspace_is_writable_and_the_working_directory(self):
        result = self.bash("pwd; echo made > made; touch ../outside && echo ESCAPED; true")
        self.assertEqual(result.out.splitlines(), [str(self.work)], result)
        self.assertEqual((self.work / "made").read_text(), "made\n")
        self.assertEqual((self.work / "made").stat().st_uid, self.work.stat().st_uid)
        self.assertEqual({p.name for p in self.work.iterdir()}, {".opencode", "made"})
        self.assertFalse((self.base / "outside").exists())

    def test_another_workspace_and_a_further_place_to_write(self):
        other, more = self.base / "other", self.base / "more"
        other.mkdir(), more.mkdir()
        result = self.bash(
            f"pwd; echo 1 > a && echo 2 > {more}/b && echo 3 > {self.work}/c; true",
            options=["--workspace", str(other), "--write", str(more)],
        )
        self.assertEqual(result.out, f"{other}\n", result)
        self.assertTrue((other / "a").exists() and (more / "b").exists())
        self.assertFalse((self.work / "c").exists())

    def test_time_is_up(self):
        began = time.monotonic()
        result = self.exec("sleep", "100", options=["--timeout", "0.5", "--json"])
        self.assertEqual(result.code, 124, result)
        self.assertLess(time.monotonic() - began, 20)
        self.assertTrue(self.report(result)["timed_out"])

    def test_what_cannot_be_started(self):
        self.assertEqual(self.exec("no-such-program").code, 125)
        self.assertEqual(self.exec("true", options=["--write", "/no/such"]).code, 125)
        self.assertEqual(self.exec("true", options=["--memory", "lots"]).code, 2)
        self.assertEqual(self.exec("true", options=["--workspace", "/"]).code, 125)
        self.assertEqual(self.oap("sandbox", "exec").code, 2)

    def test_options_that_make_no_sense_are_refused_with_a_sentence(self):
        for options in (["--timeout", "nan"], ["--timeout", "inf"], ["--timeout", "-1"], ["--timeout", "0"],
                        ["--timeout", "1x"], ["--timeout", "1e999"], ["--require", ""], ["--require", "fs,"],
                        ["--cpu", "0"], ["--cpu", "99999999999999999999"], ["--pids", "0"], ["--pids", "-1"],
                        ["--memory", "0"], ["--memory", "1B"], ["--memory", "-5MB"], ["--memory", "nan"],
                        ["--memory", "99999999999999999999TB"], ["--memory", "7EB"], ["--memory", "9000PB"],
                        ["--disk", "0"], ["--disk", ""],
                        ["--write", "/"], ["--write", "/proc/sys"], ["--write", "/proc"], ["--write", "/sys"],
                        ["--write", "/dev"], ["--write", "/dev/null"], ["--write", "/etc"], ["--write", "/usr/bin"],
                        ["--write", ""], ["--read", "/"], ["--read", "/proc"], ["--read", "/no/such"],
                        ["--workspace", "/etc"], ["--workspace", "/proc/self"]):
            result = self.bash("touch ran", options=options)
            self.assertIn(result.code, (2, 125, 126), (options, result))
            self.assertGreater(len(result.err), 15, options)
            self.assertNotIn("terminate", result.err)
        self.assertFalse((self.work / "ran").exists())

    def test_there_are_limits_without_being_asked_for(self):
        report = self.report(self.exec("true", options=["--json"]))
        for kind in ("mem", "pids", "disk"):
            self.assertNotEqual(report["isolation"][kind], "none", kind)

    def test_what_git_would_run_is_set_aside_and_told(self):
        mark = self.base / "mark"
        result = self.bash(f"git init -q sub && git -C sub config core.fsmonitor 'touch {mark}'", options=["--json"])
        self.assertEqual(result.code, 0, result)
        warnings = self.report(result)["warnings"]
        self.assertEqual(len(warnings), 1, result)
        self.assertIn("sub/.git/config: it sets core.fsmonitor", warnings[0])
        subprocess.run(["git", "status"], cwd=self.work / "sub", capture_output=True)
        self.assertFalse(mark.exists())
        self.assertTrue((self.work / "sub/.git/config.held-by-oap").exists())
        self.assertEqual(self.report(self.bash("git init -q fine", options=["--json"]))["warnings"], [])

    def test_a_workspace_gets_its_repository(self):
        result = self.bash("git init -q && git add -A && git -c user.name=n -c user.email=e@x commit -qm one --allow-empty"
                           " && echo x > .git/hooks/post-commit; git log --format=%s")
        self.assertEqual(result.out, "one\n", result)
        self.assertEqual(os.listdir(self.work / ".git" / "hooks") if (self.work / ".git/hooks").exists() else [], [])

    def test_of_the_users_git_configuration_only_who_commits(self):
        (self.home / ".gitconfig").write_text("[user]\n\tname = Somebody\n[http]\n\textraheader = TOKEN\n")
        result = self.bash("git config user.name; cat ~/.gitconfig")
        self.assertIn("Somebody\n", result.out, result)
        self.assertNotIn("TOKEN", result.out)

    def test_changes_can_be_thrown_away(self):
        self.write("a.txt", "one\n")
        result = self.bash("echo hit > a.txt; mkdir -p b/c; cat a.txt", options=["--discard", "--json"])
        self.assertEqual((result.code, result.out), (0, "hit\n"), result)
        self.assertEqual(self.report(result)["dropped"].split(":")[0], "2 changes", result)
        self.assertIn("thrown away: 2 changes: ", result.err)
        self.assertEqual((self.work / "a.txt").read_text(), "one\n")
        self.assertFalse((self.work / "b").exists())
        self.assertEqual(self.bash("true", options=["--discard"]).err, "")
        further = self.base / "further"
        further.mkdir()
        refused = self.bash("true", options=["--discard", "--write", str(further)])
        self.assertEqual(refused.code, 125, refused)
        self.assertIn("without further writable places", refused.err)

    def test_what_is_missing_is_in_no_listing(self):
        self.write("a.json", "{}\n")
        self.assertEqual(self.bash("ls; cat *.json").out, "a.json\n{}\n")
        result = self.bash("echo x > opencode.json")
        self.assertIn("opencode.json: agents take it for their settings; renamed", result.err)
        self.assertEqual(sorted(p.name for p in self.work.iterdir() if "json" in p.name),
                         ["a.json", "opencode.json.held-by-oap"])

    def test_the_report_is_the_last_line_of_stderr(self):
        result = self.bash("echo out; echo err >&2", options=["--json", "--memory", "512MB"])
        self.assertEqual((result.code, result.out), (0, "out\n"), result)
        report = self.report(result)
        self.assertEqual(list(report["isolation"]), KINDS)
        for layer in report["isolation"].values():
            self.assertIn(layer, ["enforced", "degraded", "none"])
        self.assertNotEqual(report["isolation"]["mem"], "none")
        self.assertEqual((report["exit_code"], report["timed_out"]), (0, False))

    def test_below_what_is_required_nothing_is_run(self):
        result = self.bash("touch ran", options=["--require", "disk", "--json"])
        self.assertEqual(result.code, 126, result)
        self.assertIn("disk must be enforced", result.err)
        self.assertFalse((self.work / "ran").exists())
        self.assertEqual(self.exec("true", options=["--require", "everything"]).code, 2)

    def test_memory_beyond_the_limit_ends_it_and_says_so(self):
        script = "x=$(head -c 300000000 /dev/zero | tr '\\0' x); sleep 20; echo ${#x}"
        result = self.bash(script, options=["--memory", "64MB", "--json"], timeout=60)
        self.assertNotEqual(result.code, 0, result)
        self.assertNotIn("300000000", result.out)

    def test_an_interrupt_ends_the_program(self):
        process = subprocess.Popen(
            [OAP, "sandbox", "exec", "--", "bash", "-c", "trap 'echo bye; exit 9' TERM; echo up; while :; do sleep 0.1; done"],
            stdout=subprocess.PIPE, cwd=self.work, env=self.env)
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.readline(), b"bye\n")
        self.assertEqual(process.wait(20), 9)
        process.stdout.close()

    def test_secrets_and_state_are_not_there(self):
        (self.home / ".ssh").mkdir()
        (self.home / ".ssh" / "id").write_text("KEY")
        (self.base / "state").mkdir()
        (self.base / "state" / "oap.db").write_text("STATE")
        result = self.bash(
            f"cat ~/.ssh/id {self.base}/state/oap.db; ls {self.base}; env",
            env={"AWS_SECRET_ACCESS_KEY": "hunter2"})
        self.assertNotIn("KEY", result.out, result)
        self.assertNotIn("STATE", result.out)
        self.assertNotIn("hunter2", result.out)
        self.assertNotIn("state", result.out.splitlines())

    def test_a_repository_stays_usable_and_its_hooks_closed(self):
        subprocess.run(["git", "init", "-q"], cwd=self.work, check=True)
        script = """
            git config --global --add safe.directory '*' 2>/dev/null
            export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
            export GIT_CONFIG_KEY_1=user.name GIT_CONFIG_VALUE_1=n GIT_CONFIG_KEY_2=user.email GIT_CONFIG_VALUE_2=e@x
            echo x > file && git add -A && git commit -qm one && git log --format=%s
            git ls-files
            echo '#!/bin/sh' > .git/hooks/pre-commit && echo ESCAPED
            git config core.hooksPath evil && echo ESCAPED
            true"""
        result = self.bash(script)
        self.assertEqual(result.out, "one\nfile\n", result)
        self.assertNotIn("pre-commit", os.listdir(self.work / ".git" / "hooks"))


class Network(SandboxTest):
    def setUp(self):
        super().setUp()
        (self.work / "page").write_text("content")
        handler = lambda *args: http.server.SimpleHTTPRequestHandler(  # noqa: E731
            *args, directory=str(self.work))
        http.server.SimpleHTTPRequestHandler.log_message = lambda *args: None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.port}/page"

    def test_none_is_the_default(self):
        self.assertNotEqual(self.exec("curl", "-sS", "-m", "5", self.url).code, 0)
        self.assertNotEqual(
            self.exec("curl", "-sS", "-m", "5", self.url, options=["--network", "none"]).code, 0)

    def test_full(self):
        result = self.exec("curl", "-sS", "-m", "5", self.url, options=["--network", "full"])
        self.assertEqual((result.code, result.out), (0, "content"), result)

    def test_hosts_one_by_one(self):
        options = ["--network", f"127.0.0.1:{self.port}", "--json"]
        for proxy in ("http://127.0.0.1:3128", "socks5h://127.0.0.1:3128"):
            for more in ([], ["-p"]) if proxy.startswith("http") else ([],):
                result = self.exec("curl", "-sS", "-m", "9", "--noproxy", "", "--proxy", proxy,
                                   *more, self.url, options=options)
                self.assertEqual((result.code, result.out), (0, "content"), result)
        self.assertEqual(self.report(result)["isolation"]["net"], "enforced")

    def test_other_hosts_are_refused_and_told(self):
        options = ["--network", f"127.0.0.1:{self.port}"]
        for url in ("https://example.org/", "http://169.254.169.254/latest/", f"http://127.0.0.1:{self.port + 1}/",
                    f"http://localhost:{self.port}/"):
            result = self.exec("curl", "-sS", "-f", "-m", "9", "--noproxy", "", url, options=options)
            self.assertNotEqual(result.code, 0, result)
            self.assertIn("oap: network:", result.err)

    def test_there_is_no_way_around_the_proxy(self):
        result = self.exec("curl", "-sS", "-m", "5", "--noproxy", "*", self.url,
                           options=["--network", f"127.0.0.1:{self.port}"])
        self.assertNotEqual(result.code, 0, result)

    def test_a_name_that_leads_to_this_machine_is_refused(self):
        result = self.exec("curl", "-sS", "-f", "-m", "9", "--noproxy", "", f"http://localhost:{self.port}/page",
                           options=["--network", f"localhost:{self.port}"])
        self.assertNotEqual(result.code, 0, result)
        self.assertIn("loopback", result.err)

    def test_words_that_are_no_hosts(self):
        for word in ("a b", "http://x", "none,full", "x:99999"):
            self.assertEqual(self.exec("true", options=["--network", word]).code, 2, word)


if __name__ == "__main__":
    unittest.main()
