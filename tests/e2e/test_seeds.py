"""The scenarios of the platform guide's section 6, against the real parts."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import SUPPORT, OapTest, unittest  # noqa: E402

SEED_CONFIG = """
platform:
  version: "2.0"
routing:
  fast_path_threshold: 1000
security:
  default_permission: "allow"
mcp_servers:
  sandbox:
    type: "local"
    command: ["python", "-m", "mcp_sandbox"]
"""

PLAN = {
    "steps": [
        {"id": "read", "description": "Read the source", "tool": "read_file",
         "arguments": {"path": "src/main.py"}, "dependencies": [], "estimated_time": 1,
         "validation_criteria": ["the file is read"]},
        {"id": "edit", "description": "Add error handling", "tool": "agent",
         "arguments": {"instructions": "wrap the print"}, "dependencies": ["read"],
         "estimated_time": 5, "validation_criteria": ["it still runs"]},
        {"id": "test", "description": "Run it", "tool": "bash",
         "arguments": {"command": "python3 src/main.py"}, "dependencies": ["edit"],
         "estimated_time": 2, "validation_criteria": ["exit code 0"]},
    ],
    "success_criteria": ["main.py runs"],
    "estimated_total_time": 8,
    "risk_assessment": "low",
}
REVIEW = {
    "step_reviews": [{"step_id": s, "success": True, "comment": "seen"} for s in ("read", "edit", "test")],
    "quality_score": 0.95,
    "recommendations": [],
}
AGENT_SCRIPT = [
    {"when": {"tool": "submit_requirements"},
     "answer": {"tool_calls": [{"name": "submit_requirements",
                                "arguments": {"requirements": ["runs"], "strategy": "edit"}}]}},
    {"when": {"tool": "submit_plan"},
     "answer": {"tool_calls": [{"name": "submit_plan", "arguments": PLAN}]}},
    {"when": {"agent": "Worker", "results": 0},
     "answer": {"tool_calls": [{"name": "write_file",
                                "arguments": {"path": "src/main.py", "content": "print('better')\n"}}]}},
    {"when": {"agent": "Worker"}, "answer": {"text": "wrapped"}},
    {"when": {"tool": "submit_review"},
     "answer": {"tool_calls": [{"name": "submit_review", "arguments": REVIEW}]}},
]
REFACTORING = """
Analyze the Python code in src/ directory and:
1. Add proper error handling
2. Add type hints
3. Create unit tests
4. Update documentation
"""


class FullWorkflow(OapTest):
    def setUp(self):
        super().setUp()
        self.write("src/main.py", "print('Hello, World!')")
        self.write("README.md", "# Test Project")
        self.write(".opencode/config.yaml", SEED_CONFIG)

    def test_simple_file_read_fast_path(self):
        result, code = self.run_task("Read the README.md file")
        self.assertEqual(code, 0, result)
        self.assertEqual(result["execution_path"], "fast")
        self.assertIn("Test Project", result["content"])
        self.assertIs(result["success"], True)

    def test_complex_refactoring_agent_path(self):
        env, _ = self.mock_llm(AGENT_SCRIPT)
        result, code = self.run_task(REFACTORING, "--model", "openai/mock", "--trust", env=env)
        self.assertEqual(code, 0, result)
        self.assertEqual(result["execution_path"], "agent")
        self.assertGreater(len(result["plan"]["steps"]), 1)
        self.assertIs(result["review"]["overall_success"], True)
        self.assertEqual((self.work / "src/main.py").read_text(), "print('better')\n")
        self.assertIn("better", result["results"]["test"]["output"])

    def test_permission_enforcement(self):
        self.write(".opencode/permissions.yaml",
                   "permissions:\n  - {tool: bash, action: execute, pattern: 'rm *', level: deny}\n")
        result, code = self.run_task("Delete all files in the current directory", "--trust")
        self.assertIs(result["success"], False)
        self.assertIn("permission denied", result["error"].lower())
        self.assertEqual(code, 3)
        self.assertTrue((self.work / "README.md").exists())
        self.assertEqual(len(result["denials"]), 1)
        audit = self.oap("audit", "tail", "--json").lines()
        self.assertTrue(any(e.get("permission_decision") == "deny" for e in audit), audit)

    def test_local_echo(self):
        self.write(".opencode/mcp-servers.yaml",
                   "mcp_servers:\n  test_sandbox:\n    type: local\n    command: "
                   f"[python3, {SUPPORT / 'mcp_servers' / 'echo.py'}]\n")
        self.write(".opencode/config.yaml", "security: {default_permission: allow}\n")
        result = self.oap("mcp", "call", "test_sandbox", "echo", '{"text":"Hello, World!"}',
                          "--trust", "--json")
        self.assertEqual(result.code, 0, result)
        self.assertIs(result.json()["success"], True)
        self.assertIn("Hello, World!", result.json()["output"])

    def test_unknown_server(self):
        result = self.oap("mcp", "call", "nonexistent_server", "test", "{}")
        self.assertNotEqual(result.code, 0)
        self.assertIn("Unknown MCP server", result.err)

    def test_nearest_server_is_named(self):
        result = self.oap("mcp", "call", "sandbx", "read_file", "{}")
        self.assertIn("sandbox", result.err)


if __name__ == "__main__":
    unittest.main()
