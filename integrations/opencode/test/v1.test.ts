import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { afterEach, beforeEach, test } from "node:test"
import plugin from "../src/index.ts"
import { FakeDaemon } from "./fake_daemon.ts"

let fake: FakeDaemon
let hooks: any
let input: any
let asked: [string, any][]

const client = () => {
  const note = (name: string) => async (argument: any) => void asked.push([name, argument])
  return {
    session: { promptAsync: note("prompt"), abort: note("abort") },
    tui: { showToast: note("toast") },
    postSessionIdPermissionsPermissionId: note("permission"),
  }
}

beforeEach(async () => {
  fake = await new FakeDaemon().start()
  asked = []
  input = { directory: "/w", worktree: "/", client: client() }
  hooks = await plugin.server(input, { socket: fake.path, deadline_ms: 2_000 })
})
afterEach(async () => {
  await hooks.dispose()
  await fake.end()
})

const before = (args: any, tool = "bash") => hooks["tool.execute.before"]({ tool, sessionID: "s", callID: "c" }, { args })
const answered = async (output: any, tool = "bash") => {
  await hooks["tool.execute.after"]({ tool, sessionID: "s", callID: "c", args: { command: "x" } }, output)
  return output
}
const event = (type: string, properties: any) => hooks.event({ event: { type, properties } })

test("an allowed call runs as it is", async () => {
  const args = { command: "git status" }
  await before(args)
  assert.deepEqual(args, { command: "git status" })
  assert.deepEqual(fake.of("tool/before"), [{ directory: "/w", session: "s", call: "c", tool: "bash", arguments: { command: "git status" } }])
})

test("a denied call throws the reason", async () => {
  fake.answers["tool/before"] = () => ({ decision: "deny", reason: "rm is denied by project:3" })
  await assert.rejects(before({ command: "rm x" }), /rm is denied by project:3/)
})

test("a call that a person would have to approve throws too", async () => {
  fake.answers["tool/before"] = () => ({ decision: "ask", reason: "needs approval" })
  await assert.rejects(before({ command: "make" }), /needs approval/)
})

for (const odd of [{}, { decision: "perhaps" }, { decision: "modify" }, { decision: "modify", arguments: [] }, { decision: true }]) {
  test(`an odd decision throws: ${JSON.stringify(odd)}`, async () => {
    fake.answers["tool/before"] = () => odd
    await assert.rejects(before({ command: "x" }), /not understood/)
  })
}

test("a rewritten call is changed in place, members that are gone are gone", async () => {
  fake.answers["tool/before"] = () => ({ decision: "modify", arguments: { command: "echo rewritten", timeout: 5 } })
  const args: any = { command: "rm x", workdir: "/" }
  await before(args)
  assert.deepEqual(args, { command: "echo rewritten", timeout: 5 })
})

test("without the daemon every call and message throws what to do", async () => {
  await fake.stop()
  await assert.rejects(before({ command: "x" }), /oap serve/)
  await assert.rejects(answered({ title: "", output: "secret", metadata: {} }), /withheld.*oap serve/)
  const parts = [{ type: "text", text: "hi" }]
  await assert.rejects(hooks["chat.message"]({ sessionID: "s" }, { message: {}, parts }), /oap serve/)
  assert.equal(asked[0]?.[0], "toast")
})

test("an answer is replaced by what the daemon gives back", async () => {
  fake.answers["tool/after"] = (params) => ({ output: params.output.replace("TOKEN", "[gone]"), metadata: { output: "[gone]" }, findings: [{ type: "x" }] })
  const output = await answered({ title: "t", output: "a TOKEN b", metadata: { output: "TOKEN" } })
  assert.deepEqual(output, { title: "t", output: "a [gone] b", metadata: { output: "[gone]" } })
})

test("an answer without secrets stays", async () => {
  const output = await answered({ title: "t", output: "fine", metadata: { exit: 0 } })
  assert.deepEqual(output, { title: "t", output: "fine", metadata: { exit: 0 } })
})

test("the raw answer of an MCP server is cleaned as a whole", async () => {
  fake.answers["tool/after"] = (params) => ({ metadata: JSON.parse(JSON.stringify(params.metadata).replaceAll("TOKEN", "[gone]")) })
  const output = await answered({ content: [{ type: "text", text: "a TOKEN" }], structuredContent: { a: "TOKEN" } }, "github_get")
  assert.deepEqual(output, { content: [{ type: "text", text: "a [gone]" }], structuredContent: { a: "[gone]" } })
  assert.equal(fake.of("tool/after")[0]?.output, "a TOKEN")
  fake.answers["tool/after"] = () => ({ output: "only text" })
  assert.deepEqual(await answered({ content: [{ type: "text", text: "a TOKEN" }] }), { content: [{ type: "text", text: "only text" }] })
})

test("text of a message is sent through, and the agent is known afterwards", async () => {
  fake.answers["chat/message"] = (params) => ({ decision: "allow", text: params.text.replace("TOKEN", "[gone]") })
  const parts = [{ type: "text", text: "use TOKEN" }, { type: "file", url: "x" }]
  await hooks["chat.message"]({ sessionID: "s" }, { message: { agent: "build" }, parts })
  assert.equal(parts[0]?.text, "use [gone]")
  await before({ command: "x" })
  assert.equal(fake.of("tool/before")[0]?.agent, "build")
})

test("a denied message throws", async () => {
  fake.answers["chat/message"] = () => ({ decision: "deny", reason: "no budget is left" })
  await assert.rejects(hooks["chat.message"]({ sessionID: "s" }, { message: {}, parts: [{ type: "text", text: "hi" }] }), /no budget is left/)
})

test("a child session names its parent", async () => {
  await event("session.created", { sessionID: "child", info: { id: "child", parentID: "s" } })
  await hooks["tool.execute.before"]({ tool: "bash", sessionID: "child", callID: "c" }, { args: {} })
  assert.equal(fake.of("session/created")[0]?.parent, "s")
  assert.equal(fake.of("tool/before")[0]?.parent, "s")
})

test("permission questions are answered as the daemon says, and rejected where it says nothing", async () => {
  const question = { id: "p", sessionID: "s", permission: "bash", patterns: ["git *"], metadata: {}, always: [], tool: { callID: "c" } }
  const replies = []
  for (const reply of [{ reply: "once" }, { reply: "none" }, { reply: "always" }, {}]) {
    fake.answers["permission/asked"] = () => reply
    await event("permission.asked", question)
    replies.push(asked.pop()?.[1].body.response)
  }
  assert.deepEqual(replies, ["once", undefined, "reject", "reject"])
  assert.deepEqual(fake.of("permission/asked")[0], { directory: "/w", session: "s", permission: "bash", patterns: ["git *"], metadata: {}, call: "c" })
  await fake.stop()
  await event("permission.asked", question)
  assert.equal(asked.pop()?.[1].body.response, "reject")
})

test("an idle session goes on where the daemon says so", async () => {
  await event("session.idle", { sessionID: "s" })
  assert.deepEqual(asked, [])
  fake.answers["session/idle"] = () => ({ prompt: "go on" })
  await event("session.idle", { sessionID: "s" })
  assert.deepEqual(asked, [["prompt", { path: { id: "s" }, body: { parts: [{ type: "text", text: "go on" }] } }]])
})

test("usage is told, and a spent budget aborts the session", async () => {
  const part = { type: "step-finish", sessionID: "s", cost: 0.25, tokens: { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } } }
  await event("message.part.updated", { part })
  assert.deepEqual(fake.of("session/usage"), [
    { directory: "/w", session: "s", tokens: { input: 1, output: 2, reasoning: 3, cache_read: 4, cache_write: 5 }, cost_usd: 0.25 },
  ])
  assert.deepEqual(asked, [])
  fake.answers["session/usage"] = () => ({ stop: true, reason: "spent" })
  await event("message.part.updated", { part })
  assert.deepEqual(asked, [["abort", { path: { id: "s" } }]])
})

test("nothing else is forwarded", async () => {
  for (const type of ["message.part.delta", "message.updated", "session.updated", "session.status", "file.edited", "plugin.added"]) {
    await event(type, { sessionID: "s", part: { type: "text", text: "x" } })
  }
  await event("message.part.updated", { part: { type: "text", text: "x" } })
  assert.deepEqual(fake.requests, [])
  assert.deepEqual(Object.keys(hooks).sort(), ["chat.message", "dispose", "event", "shell.env", "tool.execute.after", "tool.execute.before"])
})

test("events never throw", async () => {
  await fake.stop()
  await event("session.idle", { sessionID: "s" })
  await event("session.idle", undefined)
  await event("permission.asked", {})
})

test("installed twice it governs once", async () => {
  assert.deepEqual(await plugin.server(input, { socket: fake.path }), {})
})

test("OpenCode 1 also calls setup with a preview, which is nothing to govern", async () => {
  assert.equal(await plugin.setup({}), undefined)
})

test("bash writes through the daemon's filter, and its exit code stays", async () => {
  fake.answers.initialize = () => ({ protocol: 1, filter: ["/bin/sed", "-u", "s/TOKEN/it's gone/"] })
  await before({ command: "x" })
  const output: any = { env: {} }
  await hooks["shell.env"]({ cwd: "/w" }, output)
  const env = { PATH: process.env.PATH, ...output.env }
  const ran = spawnSync("/bin/bash", ["-c", "echo a TOKEN; bash -c 'echo TOKEN >&2'; echo \"[$BASH_ENV]\"; exit 3"], { env, stdio: ["ignore", "pipe", "pipe"] })
  assert.deepEqual([ran.status, ran.stdout.toString(), ran.stderr.toString()], [3, "a it's gone\nit's gone\n[]\n", ""])
  await hooks.dispose()
  assert.equal(existsSync(output.env.BASH_ENV), false)
})

test("a filter that cannot be started lets nothing out", async () => {
  fake.answers.initialize = () => ({ protocol: 1, filter: ["/nowhere/oap"] })
  await before({ command: "x" })
  const output: any = { env: {} }
  await hooks["shell.env"]({ cwd: "/w" }, output)
  const ran = spawnSync("/bin/bash", ["-c", "echo TOKEN; echo TOKEN >&2"], {
    env: { PATH: process.env.PATH, ...output.env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  assert.doesNotMatch(ran.stdout.toString() + ran.stderr.toString(), /TOKEN/)
})

test("without a filter the shell's environment stays", async () => {
  await before({ command: "x" })
  const output = { env: {} }
  await hooks["shell.env"]({ cwd: "/w" }, output)
  assert.deepEqual(output, { env: {} })
})
