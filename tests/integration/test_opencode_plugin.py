"""The unit tests of integrations/opencode with Node's own test runner: node --test, TypeScript as it is."""

import os
import subprocess

from agents import NODE, ROOT, unittest


class Plugin(unittest.TestCase):
    def test_units(self):
        if not os.access(NODE, os.X_OK):
            reason = f"no Node of version 22 in {NODE.parent}: run scripts/peers.sh"
            if os.environ.get("OAP_REQUIRE") == "1":
                self.fail(reason)
            self.skipTest(reason)
        folder = ROOT / "integrations" / "opencode"
        tests = sorted(map(str, (folder / "test").glob("*.test.ts")))
        self.assertTrue(tests)
        done = subprocess.run([NODE, "--no-warnings", "--experimental-strip-types", "--test", "--test-reporter=spec",
                               *tests], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=170)
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said)
        self.assertRegex(said, r"tests [1-9][0-9]")


if __name__ == "__main__":
    unittest.main()
