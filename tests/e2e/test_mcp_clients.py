"""`oap mcp serve` and its clients: sessions, refusals, hostile clients, and every mix of eras."""

import json
import os
import pathlib
import re
import resource
import select
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gateway import GatewayTest, unittest  # noqa: E402
from mcp_client import Dropped, RpcError, raw_exchange  # noqa: E402

EVERYTHING = {"sampling": {}, "elicitation": {}, "roots": {}}


def handlers(name):
    """Answers to all that servers ask, each with the name in it."""
    return {"sampling/createMessage": lambda params: {"role": "assistant", "model": "m", "content": {
                "type": "text", "text": name + " " + params["messages"][0]["content"]["text"]}},
            "elicitation/create": lambda params: {"action": "accept", "content": {"name": name}},
            "roots/list": lambda params: {"roots": [{"uri": "file:///" + name, "name": name}]}}


class ClientTest(GatewayTest):
    def refused(self, response, status, code=None):
        """A refusal with a JSON-RPC body."""
        self.assertEqual(response.status, status, response.body[:300])
        error = response.json()["error"]
        if code is not None:
            self.assertEqual(error["code"], code, error)
        self.assertTrue(error["message"])

    def asker(self, gateway, name, era="legacy", **more):
        return gateway.client(era=era, handlers=handlers(name), capabilities=EVERYTHING, **more)

    def alive(self, gateway):
        client = gateway.client()
        self.assertEqual(client.call_text("u__echo", {"text": "alive"}), "alive")


class SessionTest(ClientTest):
    def test_sessions_unknown_missing_deleted(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.assertRegex(client.session_id, r"^[\x21-\x7e]{16,}$")
        ping = client.message("ping", id=7)
        self.refused(client.post(ping, headers={"Mcp-Session-Id": None}), 400)
        self.refused(client.post(ping, headers={"Mcp-Session-Id": "nobody"}), 404)
        self.refused(client.post(ping, headers={"Mcp-Session-Id": client.session_id[:-1]}), 404)
        self.refused(client.get(headers={"Mcp-Session-Id": "nobody"}), 404)
        self.refused(client.get(headers={"Mcp-Session-Id": None}), 400)
        self.refused(client.post(ping, headers={"MCP-Protocol-Version": "1999-01-01"}), 400)
        self.assertEqual(client.post(ping).json()["result"], {})
        pending = client.start("tools/call", {"name": "u__hang", "arguments": {}})
        stream = client.get()
        self.assertIn(client.delete().status, (200, 204))
        self.refused(client.post(ping), 404)
        self.refused(client.get(), 404)
        self.assertIn(client.delete().status, (404,))
        with self.assertRaises((RpcError, Dropped)):
            pending.result(5)
        for _ in stream.events():  # it ends
            pass
        stream.close()
        client.session_id = None
        client.initialize()
        self.assertEqual(client.call_text("u__echo", {"text": "anew"}), "anew")

    def test_refusals_of_the_http_form(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        ping = client.message("ping", id=1)
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"},
                        {"Host": f"evil.example:{gateway.port}"}, {"Origin": "http://127.0.0.1.evil.example"}):
            with self.subTest(headers=headers):
                self.refused(client.post(ping, headers=headers), 403)
                for path in "/metrics", "/health":
                    answer = client.raw("GET", path, headers=headers)
                    self.assertEqual(answer.status, 403, path)
                    answer.close()
        own = client.post(ping, headers={"Origin": f"http://127.0.0.1:{gateway.port}"})
        self.assertEqual((own.status, own.json()["result"]), (200, {}))
        self.refused(client.post(b"{\"jsonrpc\": \"2.0\", "), 400, -32700)
        self.refused(client.post(b"\xff\xfe"), 400, -32700)
        self.refused(client.post(b""), 400)
        self.refused(client.raw("POST", headers=client.default_headers(ping), body=b"[" * 200_000), 400)
        self.refused(client.post({"jsonrpc": "1.0", "id": 1, "method": "ping"}), 400, -32600)
        self.refused(client.post({"jsonrpc": "2.0", "id": None, "method": "ping"}), 400, -32600)
        self.refused(client.post({"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"}), 400, -32600)
        self.refused(client.post(ping, headers={"Content-Type": "text/plain"}), 415)
        self.refused(client.post(ping, headers={"Accept": "text/html"}), 406)
        answer = client.raw("PUT", headers={"Content-Type": "application/json"}, body=b"{}")
        self.assertEqual(answer.status, 405)
        answer.close()
        answer = client.raw("GET", "/nothing")
        self.assertEqual(answer.status, 404)
        answer.close()

    def test_modern_refusals(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client(era="modern")
        discover = client.message("server/discover", id=1)
        answer = client.post(discover)
        self.assertNotIn("mcp-session-id", answer.headers)
        self.assertIn("2026-07-28", answer.json()["result"]["supportedVersions"])
        self.assertEqual(client.post(discover, headers={"Mcp-Session-Id": "stale", "Last-Event-ID": "x"}).status, 200)
        self.refused(client.post(discover, headers={"Mcp-Method": "tools/list"}), 400, -32020)
        self.refused(client.post(discover, headers={"Mcp-Method": None}), 400, -32020)
        call = client.message("tools/call", {"name": "u__echo", "arguments": {}}, id=2)
        self.refused(client.post(call, headers={"Mcp-Name": "u__meta"}), 400, -32020)
        wrong = client.message("server/discover", {"_meta": {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}}, 3)
        answer = client.post(wrong, headers={"MCP-Protocol-Version": "2099-01-01"})
        self.refused(answer, 400, -32022)
        self.assertIn("2026-07-28", answer.json()["error"]["data"]["supported"])
        bare = {"jsonrpc": "2.0", "id": 4, "method": "tools/list",
                "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}}
        self.refused(client.post(bare), 400, -32602)
        answer = client.post(client.message("ping", id=5))
        self.refused(answer, 404, -32601)
        self.assertEqual(answer.json()["id"], 5)
        for method in "GET", "DELETE":
            answer = client.raw(method, headers={"Accept": "text/event-stream", "MCP-Protocol-Version": "2026-07-28"})
            self.assertEqual(answer.status, 405)
            answer.close()

    def test_big_requests(self):
        self.write(".opencode/config.yaml", json.dumps({"gateway": {"max_message": "1MB"}}))
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.assertEqual(len(client.call_text("u__echo", {"text": "x" * 900_000})), 900_000)
        big = client.message("tools/call", {"name": "u__echo", "arguments": {"text": "x" * 1_200_000}}, 1)
        self.refused(client.post(big), 413)
        head = (f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Accept: application/json\r\nMcp-Session-Id: {client.session_id}\r\n")
        answer = raw_exchange(gateway.port, head.encode() + b"Content-Length: 99999999999999\r\n\r\n{", 5)
        self.assertIn(b" 413 ", answer.split(b"\r\n")[0])
        self.assertIn(b'"jsonrpc"', answer)
        chunks = b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        with socket.create_connection(("127.0.0.1", gateway.port), 10) as sock:
            sock.sendall(head.encode() + chunks)
            try:
                for _ in range(40):
                    sock.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            except OSError:
                pass
            try:
                self.assertIn(b" 413 ", sock.recv(4096))
            except ConnectionResetError:
                pass
        self.alive(gateway)

    def test_stream_of_a_session_carries_each_message_once(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        client.open_stream()
        for _ in range(5):
            call = client.start("tools/call", {"name": "u__flood", "arguments": {"count": 20}})
            call.result(5)
        client.call_text("u__echo", {"text": "on"})
        messages = [n for n in client.notifications if n["method"] == "notifications/message"]
        self.assertLessEqual(len(messages), 100)

    def test_log_level_is_per_session(self):
        gateway = self.gateway({"u": self.unruly()})
        quiet, loud = gateway.client(), gateway.client()
        quiet.request("logging/setLevel", {"level": "error"})
        loud.request("logging/setLevel", {"level": "debug"})
        modern = gateway.client(era="modern")
        for client in quiet, loud, modern:
            call = client.start("tools/call", {"name": "u__flood", "arguments": {"count": 3}})
            call.result(5)
            self.assertEqual(len(call.messages), 3 if client is loud else 0)


class HostileTest(ClientTest):
    def test_half_requests_and_nonsense(self):
        gateway = self.gateway({"u": self.unruly()})
        rows = [b"\r\n\r\n\r\n", b"GET", b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"POST /mcp HTTP/9.9\r\n\r\n",
                b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
                b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                b"GET /mcp HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                b"GET /mcp HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"]
        for row in rows:
            with self.subTest(row=row[:60]):
                try:
                    answer = raw_exchange(gateway.port, row, 5, half_close=True)
                except (ConnectionResetError, BrokenPipeError):
                    continue
                if answer:
                    self.assertRegex(answer.split(b"\r\n")[0], rb"^HTTP/1\.1 [45]\d\d ")
        self.alive(gateway)

    def test_slow_clients_keep_nobody_waiting(self):
        gateway = self.gateway({"u": self.unruly()})
        slow = []
        self.addCleanup(lambda: [s.close() for s in slow])
        for number in range(300):
            sock = socket.create_connection(("127.0.0.1", gateway.port), 10)
            sock.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n" if number % 2 else
                         b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 1000\r\n\r\n{")
            slow.append(sock)
        client = gateway.client()
        for number in range(10):
            for sock in slow[:50]:
                try:
                    sock.sendall(b"x")
                except OSError:
                    pass
            began = time.monotonic()
            self.assertEqual(client.call_text("u__echo", {"text": str(number)}), str(number))
            self.assertLess(time.monotonic() - began, 2)

    def test_pipelined_requests_are_answered_in_order(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        data = b""
        for number in range(20):
            last = "Connection: close\r\n" if number == 19 else ""
            body = json.dumps(client.message("tools/call", {"name": "u__echo", "arguments": {"text": f"n{number}"}},
                                             number)).encode()
            data += (f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     f"Accept: application/json, text/event-stream\r\nMcp-Session-Id: {client.session_id}\r\n"
                     f"{last}Content-Length: {len(body)}\r\n\r\n").encode() + body
        answer = raw_exchange(gateway.port, data, 10)
        self.assertEqual([answer.find(f'"n{n}"'.encode()) > 0 for n in range(20)], [True] * 20)
        places = [answer.find(f'"n{n}"'.encode()) for n in range(20)]
        self.assertEqual(places, sorted(places))

    def test_batches(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        batch = [client.message("ping", id=1), client.message("ping", id=2)]
        self.refused(client.post(batch), 400, -32600)
        modern = gateway.client(era="modern")
        self.refused(modern.post([modern.message("tools/list", id=1)]), 400, -32600)
        old = gateway.client(initialize=False)
        old.initialize("2025-03-26")
        answer = old.post([old.message("ping", id=1), old.message("notifications/x"), old.message("ping", id=2)])
        self.assertEqual(answer.status, 200)
        text = answer.body.decode()
        self.assertTrue('"id":1' in text and '"id":2' in text, text)
        self.refused(old.post([]), 400, -32600)
        self.alive(gateway)

    def test_ids_twice_and_odd(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        first = client.start("tools/call", {"name": "u__sleep", "arguments": {"seconds": 0.5}}, id="same")
        self.wait_for(lambda: '"open_calls":1' in gateway.get("/health")[1], "the call to be open")
        answer = client.post(client.message("ping", id="same"))
        self.assertIn(answer.status, (200, 400, 409))
        self.assertIn("error", answer.json())
        self.assertEqual(first.result(5)["content"][0]["text"], "awake")
        for id in ("", "ü\u0000", 0, -1, 2**53, "x" * 1000):
            answer = client.post(client.message("ping", id=id))
            self.assertEqual((answer.status, answer.json()["id"]), (200, id))
        self.assertEqual(client.post(client.message("ping", id="1")).json()["id"], "1")

    def test_forged_request_state(self):
        gateway = self.gateway({"m": self.unruly("--era", "modern"), "u": self.unruly()})
        client = self.asker(gateway, "a", "modern")
        for server in "m", "u":
            params = {"name": server + "__ask", "arguments": {"method": "elicitation/create"}}
            result = client.request("tools/call", params, answer_inputs=False)
            self.assertEqual(result["resultType"], "input_required")
            key = next(iter(result["inputRequests"]))
            answers = {"inputResponses": {key: {"action": "accept", "content": {"name": "a"}}}}
            state = result["requestState"]
            self.assertNotIn("state-elicitation", state)
            for forged in (state[:-2] + ("AA" if state[-2:] != "AA" else "BB"), "state-elicitation/create", "", "x" * 100_000):
                with self.assertRaises(RpcError) as refused:
                    client.request("tools/call", {**params, **answers, "requestState": forged}, answer_inputs=False)
                self.assertEqual(refused.exception.code, -32602, forged[:40])
            with self.assertRaises(RpcError):  # the state of another request
                client.request("tools/call", {"name": server + "__echo", "arguments": {"text": "x"}, **answers,
                                              "requestState": state}, answer_inputs=False)
            done = client.request("tools/call", {**params, **answers, "requestState": state}, answer_inputs=False)
            self.assertEqual(json.loads(done["content"][0]["text"]).get("content") or
                             json.loads(done["content"][0]["text"])["result"]["content"], {"name": "a"})

    def test_thousand_sessions(self):
        gateway = self.gateway({"u": self.unruly()})
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}})
        begin = ("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, "
                 f"text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        answers = self.exchange(gateway, [begin] * 1000)
        ids = set(re.findall(rb"(?i)mcp-session-id: (\S+)", answers))
        self.assertEqual(len(ids), 1000)
        self.assertIn('opencode_mcp_endpoint{what="sessions"} 1000', gateway.get("/metrics")[1])
        self.assertLess(resident_mb(gateway.process.pid), 120)
        end = "DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: {}\r\n\r\n"
        self.exchange(gateway, [end.format(id.decode()) for id in ids])
        self.assertIn('opencode_mcp_endpoint{what="sessions"} 0', gateway.get("/metrics")[1])
        self.alive(gateway)

    def exchange(self, gateway, requests):
        """All of them over one connection, in portions; what came back."""
        got = b""
        with socket.create_connection(("127.0.0.1", gateway.port), 10) as sock:
            for at in range(0, len(requests), 50):
                sock.sendall("".join(requests[at:at + 50]).encode())
                while got.count(b"HTTP/1.1 2") < min(at + 50, len(requests)):
                    piece = sock.recv(65536)
                    self.assertTrue(piece, got[-500:])
                    got += piece
        return got

    def test_two_thousand_idle_listens(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 6000:
            self.skipTest("too few descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (6000, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client(era="modern")
        client.tool_names()
        before = resident_mb(gateway.process.pid)
        sockets = []
        self.addCleanup(lambda: [s.close() for s in sockets])
        message = client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "listen")
        body = json.dumps(message).encode()
        lines = "".join(f"{k}: {v}\r\n" for k, v in client.default_headers(message).items())
        data = f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
        for _ in range(2000):
            sock = socket.create_connection(("127.0.0.1", gateway.port), 10)
            sock.sendall(data)
            sockets.append(sock)
        wanted = 'opencode_mcp_endpoint{what="streams"} 2000'
        self.wait_for(lambda: wanted in gateway.get("/metrics")[1], "all streams to be open", 8)
        self.assertLess(resident_mb(gateway.process.pid) - before, 60)
        client.call("u__change", {"name": "deep", "definition": None})
        waiting = {sock.fileno(): [sock, b""] for sock in sockets}
        deadline = time.monotonic() + 8
        poll = select.poll()
        for fileno in waiting:
            poll.register(fileno, select.POLLIN)
        while waiting and time.monotonic() < deadline:
            for fileno, _ in poll.poll(1000):
                entry = waiting[fileno]
                entry[1] += entry[0].recv(65536)
                if b"tools/list_changed" in entry[1]:
                    poll.unregister(fileno)
                    del waiting[fileno]
        self.assertEqual(len(waiting), 0, "streams that were not told")
        for sock in sockets:
            sock.close()
        self.wait_for(lambda: 'what="streams"} 0' in gateway.get("/metrics")[1], "the streams to be gone", 8)
        self.alive(gateway)

    def test_clients_that_leave_in_every_state(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        for round in range(60):
            pending = client.message("tools/call", {"name": "u__echo", "arguments": {"text": "x" * 1000 * round}}, round)
            body = json.dumps(pending).encode()
            head = (f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, "
                    f"text/event-stream\r\nMcp-Session-Id: {client.session_id}\r\nContent-Length: {len(body)}\r\n\r\n")
            data = head.encode() + body
            with socket.create_connection(("127.0.0.1", gateway.port), 10) as sock:
                sock.sendall(data[:len(data) * (round % 7) // 6])
        self.wait_for(lambda: '"open_calls":0' in gateway.get("/health")[1], "the calls to end")
        self.alive(gateway)

    def test_reader_that_does_not_read(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        before = resident_mb(gateway.process.pid)
        sockets = []
        self.addCleanup(lambda: [s.close() for s in sockets])
        for number in range(6):
            body = json.dumps(client.message("tools/call", {"name": "u__large", "arguments": {"bytes": 6_000_000}},
                                             number)).encode()
            head = (f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, "
                    f"text/event-stream\r\nMcp-Session-Id: {client.session_id}\r\nContent-Length: {len(body)}\r\n\r\n")
            sock = socket.create_connection(("127.0.0.1", gateway.port), 10)
            sock.sendall(head.encode() + body)
            sockets.append(sock)
        other = gateway.client()
        self.assertEqual(other.call_text("u__echo", {"text": "on"}), "on")
        self.assertLess(resident_mb(gateway.process.pid) - before, 400)


class ErasTest(ClientTest):
    def ask_all(self, client, name, servers):
        for server in servers:
            for method, expected in (("sampling/createMessage", name + " capital?"), ("elicitation/create", name),
                                     ("roots/list", "file:///" + name)):
                with self.subTest(client=client.era, server=server, method=method):
                    text = client.call_text(server + "__ask", {"method": method}, timeout=8)
                    self.assertIn(expected, text)
                    self.assertNotIn('"error"', text)

    def servers(self):
        return {"stdio-legacy": self.unruly(), "stdio-modern": self.unruly("--era", "modern"),
                "http-legacy": self.unruly_http(), "http-modern": self.unruly_http("--era", "modern"),
                "http-sse": self.unruly_http("--era", "sse", path="/sse")}

    def test_questions_of_all_servers_to_a_legacy_client(self):
        servers = self.servers()
        gateway = self.gateway(servers)
        self.ask_all(self.asker(gateway, "ada"), "ada", servers)

    def test_questions_of_all_servers_to_a_modern_client(self):
        servers = self.servers()
        gateway = self.gateway(servers)
        self.ask_all(self.asker(gateway, "ada", "modern"), "ada", servers)

    def test_questions_over_stdio(self):
        servers = self.servers()
        for era in "legacy", "modern":
            client = self.stdio_gateway(servers, era=era, handlers=handlers("bob"), capabilities=EVERYTHING)
            self.ask_all(client, "bob", servers)
            self.assertEqual(client.close(), 0)

    def test_questions_that_the_client_did_not_declare(self):
        servers = self.servers()
        gateway = self.gateway(servers)
        for era in "legacy", "modern":
            client = gateway.client(era=era)
            for server in servers:
                for method in "sampling/createMessage", "elicitation/create":
                    with self.subTest(client=era, server=server, method=method):
                        try:
                            text = json.dumps(client.call(server + "__ask", {"method": method}, timeout=8))
                        except RpcError as error:
                            text = "error " + str(error)
                            if era == "modern" and error.code == -32021:
                                self.assertIn(method.split("/")[0], error.data["requiredCapabilities"])
                        self.assertIn("error", text)
                        self.assertEqual(client.requests, [])

    def test_two_clients_that_are_asked_at_once_are_not_mixed_up(self):
        gateway = self.gateway({"u": self.unruly(), "h": self.unruly_http(), "m": self.unruly("--era", "modern")})
        clients = {f"{name}-{era}": self.asker(gateway, f"{name}-{era}", era)
                   for name in ("ada", "bob") for era in ("legacy", "modern")}
        results = []

        def run(name, client):
            for _ in range(4):
                for server in "u", "h", "m":
                    try:
                        text = client.call_text(server + "__ask", {"method": "elicitation/create"}, timeout=8)
                    except RpcError as error:
                        text = str(error)
                    results.append((name, server, text))

        threads = [threading.Thread(target=run, args=item) for item in clients.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(len(results), 48)
        for name, server, text in results:
            for other in clients:
                if other != name:
                    self.assertNotIn(other, text, (name, server))
            if server != "u":  # its questions name no request: where it is unclear whose they are, nobody gets them
                self.assertIn(name, text, (name, server))

    def test_refusal_and_late_answer_of_a_client(self):
        gateway = self.gateway({"u": self.unruly(), "h": self.unruly_http()})

        def refuse(params):
            raise RpcError(-1, "the person said no")

        client = gateway.client(handlers={"elicitation/create": refuse}, capabilities=EVERYTHING)
        for server in "u", "h":
            self.assertIn("the person said no", client.call_text(server + "__ask", {"method": "elicitation/create"}))
        client.send({"jsonrpc": "2.0", "id": "never-asked", "result": {}})
        client.send({"jsonrpc": "2.0", "id": 1, "result": {}})
        self.assertEqual(client.call_text("u__echo", {"text": "on"}), "on")

    def test_all_legacy_versions(self):
        gateway = self.gateway({"u": self.unruly()})
        for version in "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25":
            client = gateway.client(initialize=False)
            self.assertEqual(client.initialize(version)["protocolVersion"], version)
            self.assertEqual(client.call_text("u__echo", {"text": version}), version)
        client = gateway.client(initialize=False)
        self.assertEqual(client.initialize("1999-01-01")["protocolVersion"], "2025-11-25")

    def test_question_that_nobody_answers_harms_nobody(self):
        gateway = self.gateway({"u": self.unruly()})
        modern = self.asker(gateway, "gone", "modern")
        result = modern.request("tools/call", {"name": "u__ask", "arguments": {"method": "elicitation/create"}},
                                answer_inputs=False)
        self.assertEqual(result["resultType"], "input_required")
        self.assertIn('what="waiting_for_input"} 1', gateway.get("/metrics")[1])
        self.alive(gateway)


def resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    unittest.main()
