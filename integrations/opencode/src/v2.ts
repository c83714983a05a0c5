/** OpenCode 2: `setup(context)` registers hooks. Not on npm, so tried on its published interface only. */
import { Governor, type Answer } from "./governor.ts"
import { is_object, message_of, text_of, text_of_content, type Json } from "./values.ts"

type Hook = (name: string, callback: (event: Json) => unknown) => Promise<unknown>

/** What is used of the plugin's context; only `tool.hook` must be there. */
export interface Context {
  options?: Json
  location?: { directory?: string }
  tool?: { hook?: Hook }
  shell?: { hook?: Hook }
  permission?: { hook?: Hook }
  session?: {
    hook?: Hook
    get?(input: Json): Promise<unknown>
    prompt?(input: Json): Promise<unknown>
    interrupt?(input: Json): Promise<unknown>
  }
  event?: { subscribe?(input?: Json): AsyncIterable<Json> }
}

export async function govern(context: Context, hook: Hook): Promise<() => void> {
  const governor = new Governor(context.location?.directory ?? process.cwd(), context.options)
  const meet = (session: unknown) => introduce(governor, context, session)
  await hook("execute.before", async (event) => {
    await meet(event.sessionID)
    event.input = await governor.before(event.sessionID, event.callID ?? event.id, text_of(event.tool), event.input)
  })
  await hook("execute.after", (event) => clean(governor, event))
  await context.session?.hook?.("prompt", async (event) => {
    if (!is_object(event.prompt) || !text_of(event.prompt.text)) return
    await meet(event.sessionID)
    event.prompt.text = await governor.prompt(event.sessionID, text_of(event.prompt.text), event.agent)
  })
  await context.permission?.hook?.("evaluate", (event) => answer(governor, event))
  await context.shell?.hook?.("create.before", (event) => {
    if (is_object(event.env)) governor.shell(event.env)
  })
  const ended = new AbortController()
  void listen(governor, context, ended.signal).catch(() => {})
  return () => {
    ended.abort()
    governor.close()
  }
}

/** A plugin sees sessions of other folders too: each is judged by the rules of its own. */
async function introduce(governor: Governor, context: Context, session: unknown): Promise<void> {
  if (governor.knows(session)) return
  const found = await context.session?.get?.({ sessionID: session })
  const wrapped = is_object(found) && is_object(found.data) ? found.data : found
  const info = is_object(wrapped) ? wrapped : {}
  const location = is_object(info.location) ? info.location : {}
  await governor.created(session, info.parentID, text_of(location.directory) || undefined)
}

async function clean(governor: Governor, event: Json): Promise<void> {
  const failed = event.status === "error"
  const result = is_object(event.result) ? event.result : {}
  const given: Answer = failed ? { output: message_of(event.error) } : { output: text_of_content(result.content), metadata: result }
  const cleaned = await governor.after(event.sessionID, event.callID ?? event.id, text_of(event.tool), event.input, given, failed)
  if (failed) {
    if (cleaned.output !== given.output) event.error = new Error(cleaned.output)
  } else if (cleaned.metadata !== result) {
    event.result = cleaned.metadata
  } else if (cleaned.output !== given.output) {
    event.result = { ...result, content: cleaned.output }
  }
}

async function answer(governor: Governor, event: Json): Promise<void> {
  if (event.effect !== "ask") return
  const { reply, message } = await governor.permission(event.sessionID, {
    permission: text_of(event.action),
    patterns: Array.isArray(event.resources) ? event.resources : [],
    ...(is_object(event.metadata) ? { metadata: event.metadata } : {}),
  })
  if (reply === "none") return
  event.effect = reply === "once" ? "allow" : "deny"
  if (reply === "reject" && message) event.message = message
}

async function listen(governor: Governor, context: Context, signal: AbortSignal): Promise<void> {
  const events = context.event?.subscribe?.({ signal })
  if (!events) return
  for await (const event of events) {
    if (signal.aborted) return
    const about = is_object(event.data) ? event.data : {}
    if (governor.knows(about.sessionID)) await follow(governor, context, text_of(event.type), about).catch(() => {})
  }
}

async function follow(governor: Governor, context: Context, type: string, about: Json): Promise<void> {
  const sessionID = about.sessionID
  if (type === "session.deleted") {
    governor.forget(sessionID)
  } else if (type === "session.step.ended") {
    if (await governor.stops(sessionID, about.tokens, about.cost)) await context.session?.interrupt?.({ sessionID })
  } else if (type === "session.execution.succeeded" || (type === "session.execution.settled" && about.outcome === "success")) {
    const text = await governor.idle(sessionID)
    if (text) await context.session?.prompt?.({ sessionID, prompt: { text } })
  }
}
