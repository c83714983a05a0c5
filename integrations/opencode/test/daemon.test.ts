import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { afterEach, beforeEach, test } from "node:test"
import { Daemon, socket_path } from "../src/daemon.ts"
import { FakeDaemon } from "./fake_daemon.ts"

let fake: FakeDaemon
let daemon: Daemon
beforeEach(async () => {
  fake = await new FakeDaemon().start()
  daemon = new Daemon(fake.path, "/w", 2_000)
})
afterEach(async () => {
  daemon.close()
  await fake.end()
})

test("the socket is where oap has its state", () => {
  assert.equal(socket_path({ OAP_SOCKET: "/s" }), "/s")
  assert.equal(socket_path({ OPENCODE_DATA_PATH: "/d", HOME: "/h" }), "/d/oap.sock")
  assert.equal(socket_path({ XDG_STATE_HOME: "/x", HOME: "/h" }), "/x/oap/oap.sock")
  assert.equal(socket_path({ XDG_STATE_HOME: "relative", HOME: "/h" }), "/h/.local/state/oap/oap.sock")
  assert.equal(socket_path({ HOME: "/h" }), "/h/.local/state/oap/oap.sock")
  const long = "/" + "d".repeat(120)
  const digest = createHash("sha256").update(long).digest("hex").slice(0, 16)
  assert.equal(socket_path({ OPENCODE_DATA_PATH: long, XDG_RUNTIME_DIR: "/run/u" }), `/run/u/oap-${digest}.sock`)
})

test("one connection for all calls, which says hello first", async () => {
  for (let i = 0; i < 5; i++) await daemon.call("tool/before", { i })
  assert.equal(fake.connections, 1)
  assert.deepEqual(fake.of("initialize"), [{ client: { name: "opencode", version: "0.1.0" }, protocol: 1, directory: "/w", can_ask: false }])
  assert.equal(fake.requests[0]?.method, "initialize")
})

test("calls at once share the connection and may be answered in any order", async () => {
  const held: (() => void)[] = []
  fake.answers["tool/before"] = (params, id, socket) => {
    held.unshift(() => socket.write(JSON.stringify({ jsonrpc: "2.0", id, result: { decision: "deny", reason: String(params.i) } }) + "\n"))
    if (held.length === 20) for (const send of held) send()
  }
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => daemon.call("tool/before", { i })))
  assert.deepEqual(answers.map((answer) => answer.reason), Array.from({ length: 20 }, (_, i) => String(i)))
  assert.equal(fake.connections, 1)
})

test("without a daemon it says what to do", async () => {
  await fake.stop()
  await assert.rejects(daemon.call("tool/before", {}), /oap is not running .*'oap serve'/)
})

test("a late answer is none", async () => {
  daemon = new Daemon(fake.path, "/w", 50)
  fake.answers["tool/before"] = () => undefined
  await assert.rejects(daemon.call("tool/before", {}), /did not answer within 50 ms/)
  fake.answers["tool/before"] = () => ({ decision: "allow" })
  assert.deepEqual(await daemon.call("tool/before", {}), { decision: "allow" })
})

test("a daemon that does not say hello in time is late too", async () => {
  daemon = new Daemon(fake.path, "/w", 50)
  fake.answers.initialize = () => undefined
  await assert.rejects(daemon.call("tool/before", {}), /did not answer within 50 ms/)
})

test("it reconnects after the daemon was started again", async () => {
  await daemon.call("tool/before", {})
  await fake.stop()
  await assert.rejects(daemon.call("tool/before", {}), /oap/)
  await fake.start()
  assert.deepEqual(await daemon.call("tool/before", {}), { decision: "allow" })
})

test("what is under way when the daemon goes is refused", async () => {
  fake.answers["tool/before"] = (_params, _id, socket) => void socket.destroy()
  await assert.rejects(daemon.call("tool/before", {}), /went away before it decided/)
})

for (const [name, line] of [
  ["no JSON", "nonsense\n"],
  ["a list", "[]\n"],
  ["no answer at all", "{}\n"],
  ["a result that is no object", '{"jsonrpc":"2.0","id":ID,"result":true}\n'],
  ["neither result nor error", '{"jsonrpc":"2.0","id":ID}\n'],
] as const) {
  test(`an odd answer is refused: ${name}`, async () => {
    fake.answers["tool/before"] = (_params, id, socket) => void socket.write(line.replace("ID", String(id)))
    await assert.rejects(daemon.call("tool/before", {}), /oap/)
    fake.answers["tool/before"] = () => ({ decision: "allow" })
    assert.deepEqual(await daemon.call("tool/before", {}), { decision: "allow" })
  })
}

test("an answer without end is refused", async () => {
  fake.answers["tool/before"] = (_params, _id, socket) => {
    for (let i = 0; i < 18; i++) socket.write("x".repeat(1 << 20))
  }
  await assert.rejects(daemon.call("tool/before", {}), /without end/)
})

test("an error is its sentence", async () => {
  fake.answers["tool/before"] = (_params, id, socket) =>
    void socket.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32000, message: "the rules cannot be read" } }) + "\n")
  await assert.rejects(daemon.call("tool/before", {}), /the rules cannot be read/)
})

test("another protocol is refused", async () => {
  fake.answers.initialize = () => ({ protocol: 2 })
  await assert.rejects(daemon.call("tool/before", {}), /another protocol/)
})

test("answers may come in pieces, within a character too", async () => {
  fake.answers["tool/before"] = (_params, id, socket) => {
    const bytes = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, result: { decision: "deny", reason: "nein, größer 🙂" } }) + "\n")
    let at = 0
    const send = () => {
      if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(send))
    }
    send()
  }
  assert.equal((await daemon.call("tool/before", {})).reason, "nein, größer 🙂")
})

test("large answers arrive, and what is too large to ask is refused here", async () => {
  const text = "y".repeat(4 << 20)
  fake.answers["tool/after"] = (params) => ({ output: params.output })
  assert.equal((await daemon.call("tool/after", { output: text })).output, text)
  await assert.rejects(daemon.call("tool/after", { output: "y".repeat(16 << 20) }), /16 MiB/)
})

