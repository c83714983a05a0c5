import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import plugin from "../src/index.ts"
import { FakeDaemon } from "./fake_daemon.ts"

let fake: FakeDaemon
let stop: (() => void) | undefined
let hooks: Record<string, (event: any) => any>
let asked: [string, any][]
let emit: (event: any) => void

function context(): any {
  const hook = (domain: string) => async (name: string, callback: any) => void (hooks[`${domain} ${name}`] = callback)
  const note = (name: string) => async (argument: any) => void asked.push([name, argument])
  const queue: any[] = []
  let wake = () => {}
  emit = (event) => (queue.push(event), wake())
  return {
    options: { socket: fake.path, deadline_ms: 2_000 },
    location: { directory: "/w" },
    tool: { hook: hook("tool") },
    shell: { hook: hook("shell") },
    permission: { hook: hook("permission") },
    session: {
      hook: hook("session"),
      prompt: note("prompt"),
      interrupt: note("interrupt"),
      get: async ({ sessionID }: any) => ({ id: sessionID, ...(sessionID === "child" ? { parentID: "s", location: { directory: "/other" } } : {}) }),
    },
    event: {
      async *subscribe({ signal }: any) {
        while (!signal.aborted) {
          while (queue.length > 0) yield queue.shift()
          await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
  }
}

beforeEach(async () => {
  fake = await new FakeDaemon().start()
  hooks = {}
  asked = []
  stop = await plugin.setup(context())
})
afterEach(async () => {
  stop?.()
  await fake.end()
})

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; !holds(); ) {
    assert.ok(Date.now() < end, "it did not come")
    await new Promise((resolve) => setImmediate(resolve))
  }
}
const before = (event: any) => hooks["tool execute.before"]!(event)

test("calls are allowed, denied and rewritten", async () => {
  const event: any = { tool: "shell", input: { command: "x" }, sessionID: "s", callID: "c", agent: "build" }
  await before(event)
  assert.deepEqual(event.input, { command: "x" })
  fake.answers["tool/before"] = () => ({ decision: "modify", arguments: { command: "y" } })
  await before(event)
  assert.deepEqual(event.input, { command: "y" })
  fake.answers["tool/before"] = () => ({ decision: "deny", reason: "because" })
  await assert.rejects(before(event), /because/)
})

test("without the daemon a call throws what to do", async () => {
  await fake.stop()
  await assert.rejects(before({ tool: "shell", input: {}, sessionID: "s" }), /oap serve/)
})

test("a session of another folder is judged there", async () => {
  await before({ tool: "shell", input: {}, sessionID: "child", id: "c" })
  const asked_for = fake.of("tool/before")[0]
  assert.deepEqual([asked_for?.directory, asked_for?.parent, asked_for?.call], ["/other", "s", "c"])
})

test("answers and errors are cleaned", async () => {
  fake.answers["tool/after"] = (params) => ({
    output: params.output.replaceAll("TOKEN", "[gone]"),
    ...(params.metadata ? { metadata: JSON.parse(JSON.stringify(params.metadata).replaceAll("TOKEN", "[gone]")) } : {}),
  })
  const done: any = { tool: "read", status: "completed", sessionID: "s", input: {}, result: { content: "a TOKEN", metadata: { preview: "TOKEN" } } }
  await hooks["tool execute.after"]!(done)
  assert.deepEqual(done.result, { content: "a [gone]", metadata: { preview: "[gone]" } })
  const failed: any = { tool: "read", status: "error", sessionID: "s", input: {}, error: new Error("no TOKEN") }
  await hooks["tool execute.after"]!(failed)
  assert.equal(failed.error.message, "no [gone]")
  assert.equal(fake.of("tool/after")[1]?.failed, true)
})

test("prompts are rewritten and denied", async () => {
  fake.answers["chat/message"] = (params) => (params.text === "no" ? { decision: "deny", reason: "not that" } : { decision: "allow", text: "[gone]" })
  const event = { sessionID: "s", prompt: { text: "TOKEN" } }
  await hooks["session prompt"]!(event)
  assert.equal(event.prompt.text, "[gone]")
  await assert.rejects(hooks["session prompt"]!({ sessionID: "s", prompt: { text: "no" } }), /not that/)
})

test("permission questions: only what OpenCode would ask", async () => {
  fake.answers["permission/asked"] = (params) => (params.permission === "shell" ? { reply: "once" } : { reply: "reject", message: "no" })
  const events: any[] = [
    { sessionID: "s", action: "shell", resources: ["git *"], effect: "ask" },
    { sessionID: "s", action: "edit", resources: ["a"], effect: "ask" },
    { sessionID: "s", action: "edit", resources: ["a"], effect: "allow" },
  ]
  for (const event of events) await hooks["permission evaluate"]!(event)
  assert.deepEqual(events.map((event) => [event.effect, event.message]), [["allow", undefined], ["deny", "no"], ["allow", undefined]])
  assert.equal(fake.of("permission/asked").length, 2)
})

test("the end of a turn and spent budgets", async () => {
  fake.answers["session/idle"] = () => ({ prompt: "go on" })
  fake.answers["session/usage"] = () => ({ stop: true })
  emit({ type: "session.execution.succeeded", data: { sessionID: "a stranger's" } })
  await before({ tool: "shell", input: {}, sessionID: "s" })
  emit({ type: "session.step.ended", data: { sessionID: "s", cost: 1, tokens: { input: 2, output: 3, reasoning: 0, cache: { read: 0, write: 0 } } } })
  emit({ type: "session.execution.settled", data: { sessionID: "s", outcome: "failure" } })
  emit({ type: "session.execution.settled", data: { sessionID: "s", outcome: "success" } })
  await until(() => asked.length === 2)
  assert.deepEqual(asked, [
    ["interrupt", { sessionID: "s" }],
    ["prompt", { sessionID: "s", prompt: { text: "go on" } }],
  ])
  assert.equal(fake.of("session/idle").length, 1)
})

test("an OpenCode that cannot be governed is refused", async () => {
  const shared = (globalThis as any)[Symbol.for("oap.opencode")]
  shared.is_v1 = false
  await assert.rejects(plugin.setup({ location: { directory: "/w" } }), /cannot govern/)
})
