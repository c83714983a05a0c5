/** OpenCode 1: a function that returns hooks. Facts about when each runs: tests/integration/test_opencode.py. */
import type { Hooks, PluginInput } from "@opencode-ai/plugin"
import { Governor, type Answer } from "./governor.ts"
import { become, is_object, message_of, text_of, text_of_content, type Json } from "./values.ts"

type Client = PluginInput["client"]

export async function govern(input: PluginInput, options: Json | undefined): Promise<Hooks> {
  const governor = new Governor(input.directory, options)
  return {
    "chat.message": async (about, output) => {
      for (const part of output.parts) {
        if (part.type !== "text" || !part.text) continue
        try {
          part.text = await governor.prompt(about.sessionID, part.text, about.agent ?? output.message?.agent)
        } catch (error) {
          tell(input.client, message_of(error))
          throw error
        }
      }
    },
    "tool.execute.before": async (about, output) => {
      const wanted = await governor.before(about.sessionID, about.callID, about.tool, output.args)
      if (is_object(output.args)) become(output.args, wanted)
    },
    "tool.execute.after": (about, output) => clean(governor, about, output),
    "shell.env": async (_, output) => governor.shell(output.env),
    // OpenCode awaits no event: an error here would only be lost, and without a daemon the next call is denied anyway.
    event: async ({ event }) => {
      const about = (event as { properties?: unknown }).properties
      if (is_object(about)) await follow(governor, input.client, event.type, about).catch(() => {})
    },
    dispose: async () => governor.close(),
  }
}

async function clean(governor: Governor, about: Json, output: Json): Promise<void> {
  const is_raw = typeof output.output !== "string" // what an MCP server answered comes as it is
  const given: Answer = is_raw
    ? { output: text_of_content(output.content), metadata: { ...output } }
    : {
        output: text_of(output.output),
        title: text_of(output.title),
        ...(is_object(output.metadata) ? { metadata: output.metadata } : {}),
      }
  const cleaned = await governor.after(about.sessionID, about.callID, text_of(about.tool), about.args, given)
  if (!is_raw) {
    output.output = cleaned.output
    output.title = cleaned.title
    if (cleaned.metadata) output.metadata = cleaned.metadata
  } else if (cleaned.metadata && cleaned.metadata !== given.metadata) {
    become(output, cleaned.metadata)
  } else if (cleaned.output !== given.output) {
    become(output, { content: [{ type: "text", text: cleaned.output }] })
  }
}

async function follow(governor: Governor, client: Client, type: string, about: Json): Promise<void> {
  const session = text_of(about.sessionID)
  if (type === "session.created" && is_object(about.info)) {
    await governor.created(about.info.id, about.info.parentID)
  } else if (type === "session.deleted" && is_object(about.info)) {
    governor.forget(about.info.id)
  } else if (type === "session.idle") {
    const text = await governor.idle(session)
    if (text) await client.session.promptAsync({ path: { id: session }, body: { parts: [{ type: "text", text }] } })
  } else if (type === "permission.asked") {
    await answer(governor, client, about)
  } else if (type === "message.part.updated" && is_object(about.part) && about.part.type === "step-finish") {
    const { sessionID, tokens, cost } = about.part
    if (await governor.stops(sessionID, tokens, cost)) await client.session.abort({ path: { id: text_of(sessionID) } })
  }
}

async function answer(governor: Governor, client: Client, asked: Json): Promise<void> {
  const tool = is_object(asked.tool) ? asked.tool : {}
  const { reply } = await governor.permission(asked.sessionID, {
    permission: text_of(asked.permission),
    patterns: Array.isArray(asked.patterns) ? asked.patterns : [],
    ...(is_object(asked.metadata) ? { metadata: asked.metadata } : {}),
    ...(text_of(tool.callID) ? { call: tool.callID } : {}),
  })
  if (reply === "none") return
  await client.postSessionIdPermissionsPermissionId({
    path: { id: text_of(asked.sessionID), permissionID: text_of(asked.id) },
    body: { response: reply },
  })
}

/** Says why a message was refused, where OpenCode shows no reason. */
function tell(client: Client, message: string): void {
  void client.tui?.showToast({ body: { title: "oap", message, variant: "error" } })?.catch?.(() => {})
  if (!process.stdout.isTTY) process.stderr.write(`oap: ${message}\n`)
}
