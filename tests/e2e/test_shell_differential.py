"""What the shell reader finds, compared with what bash does: generated scripts, a stub program that is denied.

Each script that the policy allows is run by bash with stubs on PATH that write down that they ran. The denied
stub must never have run. Scripts are made from a grammar, then bent by random edits.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, unittest  # noqa: E402

ROUNDS = int(os.environ.get("OAP_SHELL_ROUNDS", "1200"))
POLICY = """permissions:
  - {tool: bash, level: allow}
  - {tool: bash, action: execute, pattern: '*', level: allow}
  - {program: zap, level: deny}
  - {pattern: '**', level: allow}
  - {pattern: '/**', action: write, level: allow}
"""
BENT = "'\"\\$`(){}[]<>;&|#!\n \t=~*?-:+,%@^/.aezp0"


class Scripts:
    """A source of scripts. Where `quoted`, the denied name stands only in data."""

    def __init__(self, seed, quoted):
        self.random, self.quoted = random.Random(seed), quoted

    def pick(self, *choices):
        return self.random.choice(choices)

    def name(self):
        if self.quoted:
            return self.pick("foo", "bar", "echo", "'foo'", "f\\oo", "foo\\\n")
        return self.pick("zap", "zap", "'zap'", '"zap"', "z\\ap", "$'zap'", "$'\\x7aap'", "{zap,a}", "z\\\nap",
                         'z"a"p', "foo", "bar")

    def word(self, depth):
        if self.quoted and self.random.random() < 0.6:
            return self.pick("'; zap x;'", '"; zap x;"', "\\;zap", "'$(zap x)'", '"\\$(zap x)"', "\\`zap\\`", "'`zap x`'",
                             "a#;zap", "'\nzap x\n'", "$'\\n\\';zap x;'", "'<(zap x)'", "{zap,x}", '"| zap"', "'a' zap",
                             "[zap]", "=zap", "'${x:-$(zap x)}'", '"${x:-\\$(zap x)}"', "$'\\x27;zap;'")
        if depth <= 0 or self.random.random() < 0.4:
            return self.pick("a", "-x", "'a b'", '"a b"', "a\\ b", "*.c", "{a,b}", "$HOME", '"$HOME"', "'zap'", "\"it's\"",
                             "~", "#a", "a#b", "!", "}", "]]", "\\;", "$", '"\\""', "${x:-a}", "''")
        inner = self.script(depth - 1)
        escaped = inner.replace("`", "\\`").replace("$", "\\$")
        return self.pick(f"$({inner})", f'"$({inner})"', f"`{escaped}`", f"<({inner})", f"${{x:-$({inner})}}",
                         f'"${{x:-$({inner})}}"', f"$(( $({inner}) ))", f"${{x[$({inner})]}}", f"${{x/$({inner})/y}}",
                         f"$[ $({inner}) ]", f"\"${{x:-'$({inner})'}}\"")

    def simple(self, depth):
        words = [self.name()] + [self.word(depth) for _ in range(self.random.randrange(3))]
        before = self.pick("", "", "", "A=1 ", "LANG=C ", ">o1 ", "<in ")
        return before + " ".join(words) + self.pick("", "", "", " >o", " 2>&1", " <<<a", " >>o", " &>o", " >|o")

    def command(self, depth):
        if depth <= 0:
            return self.simple(0)
        inner = self.script(depth - 1)
        line = inner.rstrip()
        single = "'" + inner.replace("'", "'\\''") + "'"
        if self.quoted and self.random.random() < 0.35:
            return self.pick("cat <<'E'\nzap x\n$(zap y)\nE\n", "cat <<E\nzap x\n\\$(zap y)\nE\n", "cat <<\\E\n`zap`\nE\n",
                             "cat <<-'E'\n\tzap\n\tE\n", "foo # zap x\n", "# zap\nfoo", "echo 'a' ; # '; zap x\n",
                             "case zap in zap) foo;; esac", "[[ zap == 'zap' ]]", "for zap in zap a; do foo; done",
                             "cat <<'A' <<'B'\nzap\nA\nzap\nB\n", "(( zap > 1 ))", "(foo 'zap)'; bar)", "f() { foo zap; }; f",
                             "bash -c 'foo zap'", "eval 'foo zap'", "cat <<'E F'\nzap\nE F\n")
        return self.pick(self.simple(depth), self.simple(depth), f"( {inner} )", f"{{ {line}; }}",
                         f"if {line}; then {line}; fi", f"for f in a; do {line}; done", f"case a in a) {line};; esac",
                         f"f() {{ {line}; }}; f", f"[[ -n a ]] && {inner}", f"! {inner}", f"time {inner}",
                         f"eval {single}", f"bash -c {single}", f"sh -c {single}", f"env {self.simple(0)}",
                         f"timeout 5 {self.simple(0)}", f"command {self.simple(0)}", f"echo a | xargs {self.simple(0)}",
                         f"find . -maxdepth 0 -exec {self.name()} \\;", f"trap {single} EXIT", f"cat <<E\n{inner}\nE\n",
                         f"cat <<'E'\n{inner}\nE\n", f"bash <<'E'\n{inner}\nE\n", f"bash <<< {single}", f"x=$({inner})",
                         f"exec {self.simple(0)}", f"coproc {self.simple(0)}", f"echo {single} | bash",
                         f"let 'a[$({inner})]'", f"printf -v 'a[$({inner})]' x", f"[[ -v 'a[$({inner})]' ]]")

    def script(self, depth):
        out = self.command(depth)
        for _ in range(self.pick(0, 0, 1, 2)):
            out += "" if out.endswith("\n") else self.pick(";", " && ", " || ", " | ", "\n", " & ", "; # c\n", " \\\n; ")
            out += self.command(depth)
        return out

    def bent(self):
        text = list(self.script(self.pick(1, 2, 2, 3)))
        for _ in range(self.pick(0, 1, 1, 2, 4)):
            at = self.random.randrange(len(text) + 1)
            if self.random.random() < 0.6:
                text.insert(at, self.random.choice(BENT))
            elif at < len(text):
                del text[at]
        return "".join(text)


class ShellDifferential(OapTest):
    def setUp(self):
        super().setUp()
        self.bin = self.base / "bin"
        self.bin.mkdir()
        for name, body in (("zap", f'echo ran >> "{self.base}/log"'), ("foo", "exit 0"), ("bar", "exit 0")):
            (self.bin / name).write_text(f"#!/bin/sh\n{body}\n")
            (self.bin / name).chmod(0o755)

    def run_by_bash(self, script):
        place = tempfile.mkdtemp(dir=self.base)
        (pathlib.Path(place) / "in").write_text("a\nb\n")
        env = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": place}
        subprocess.run(["timeout", "-k", "1", "5", "bash", "--noprofile", "--norc", "-c", script], cwd=place, env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(place, ignore_errors=True)
        log = self.base / "log"
        ran = log.exists()
        log.unlink(missing_ok=True)
        return ran

    def differ(self, seed, quoted):
        source = Scripts(seed, quoted)
        scripts = [s for s in (source.bent() for _ in range(ROUNDS)) if len(s) < 3000 and "kill" not in s]
        self.write("p.yaml", POLICY)
        lines = "".join(json.dumps({"tool": "bash", "arguments": {"command": s}}) + "\n" for s in scripts)
        answers = self.oap("permission", "check", "--batch", "--policy", "p.yaml", stdin=lines, timeout=110).lines()
        self.assertEqual(len(answers), len(scripts))
        allowed = [s for s, answer in zip(scripts, answers) if answer["decision"] == "allow"]
        self.assertGreater(len(allowed), ROUNDS // 40)
        wrong = [s for s in allowed if self.run_by_bash(s)]
        self.assertEqual(wrong, [], "allowed, and bash ran the denied program")

    def test_scripts_that_run_the_denied_program(self):
        self.differ(seed=20261126, quoted=False)

    def test_scripts_that_only_speak_of_it(self):
        self.differ(seed=20261127, quoted=True)


if __name__ == "__main__":
    unittest.main()
