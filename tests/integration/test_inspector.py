"""The MCP inspector's command line in front of the gateway, over both transports; and its browser's requests."""

import json
import subprocess

from peers import OAP, PEERS, PeerTest, unittest


class Inspector(PeerTest):
    def inspect(self, target, *arguments):
        done = subprocess.run([str(PEERS / "bin" / "inspector"), "--cli", *target, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=self.work, env=self.env, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode() + done.stdout.decode())
        return json.loads(done.stdout)

    def walk(self, target):
        tools = self.inspect(target, "--method", "tools/list")["tools"]
        self.assertIn("sdk2__greet", [tool["name"] for tool in tools])
        called = self.inspect(target, "--method", "tools/call", "--tool-name", "sdk2__greet", "--tool-arg", "name=Ada")
        self.assertEqual(called["structuredContent"]["greeting"], "hello Ada")
        self.assertEqual(len(self.inspect(target, "--method", "resources/list")["resources"]), 1)
        prompts = self.inspect(target, "--method", "prompts/list")["prompts"]
        self.assertEqual([prompt["name"] for prompt in prompts], ["sdk2__describe"])

    def test_http(self):
        gateway = self.gateway({"sdk2": self.sdk2_http()})
        self.walk([f"http://127.0.0.1:{gateway.port}/mcp", "--transport", "http"])

    def test_stdio(self):
        self.configure({"sdk2": self.sdk2_http()})
        # What it starts gets few variables of the environment, as with other hosts.
        state = "OPENCODE_DATA_PATH=" + self.env["OPENCODE_DATA_PATH"]
        self.walk([OAP, "mcp", "serve", "--stdio", "-e", state])


if __name__ == "__main__":
    unittest.main()
