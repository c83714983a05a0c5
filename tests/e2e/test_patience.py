"""A provider that asks to be left alone for an hour is left alone: one request, and words that say so. Budgets that are none."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import MissionTest  # noqa: E402

BUSY = [{"answer": {"status": 429, "headers": {"retry-after": "3600"}, "message": "too many requests"}}]


class Patience(MissionTest):
    def test_a_run_ends_with_words(self):
        env, received = self.mock_llm(BUSY)
        result, code = self.run_task("hello", "-m", "openai/m", env=env)
        self.assertEqual(code, 5, result)
        self.assertIn("asks for 3600 s without requests", result["error"])
        self.assertEqual(len(received()), 1)

    def test_a_mission_is_paused_and_goes_on_later(self):
        result, code = self.mission("start", "go", script=BUSY)
        self.assertEqual((result["status"], result["reason_code"], code), ("paused", "provider", 5), result)
        self.assertIn("3600 s", result["reason"])
        self.assertEqual(len(self.received()), 1)


class Budgets(MissionTest):
    def test_what_is_no_budget_is_told_in_a_line(self):
        for flag, word in (("--tokens", "-5"), ("--iterations", "99999999999"), ("--iterations", "1.5"),
                           ("--cost", "-1"), ("--cost", "inf"), ("--time", "nan"), ("--depth", "x")):
            result = self.oap("mission", "start", "go", flag, word)
            self.assertEqual(result.code, 2, result)
            self.assertIn(f"'{word}' is no ", result.err)
            self.assertLess(len(result.err), 200, result.err)


if __name__ == "__main__":
    unittest.main()
