/**
 * Governs OpenCode by `oap serve`: every tool call, message, permission question, idle session and
 * step is put to the daemon over its Unix socket, and what it says is done. Holds no policy of its
 * own and needs nothing but Node's built-in modules. Where the daemon is gone, late or answers
 * oddly, the call is denied with a sentence that says what to do.
 *
 * OpenCode 1.18 and later call `server`, OpenCode 2 calls `setup`.
 */
import type { Hooks, PluginInput } from "@opencode-ai/plugin"
import * as v1 from "./v1.ts"
import * as v2 from "./v2.ts"
import type { Json } from "./values.ts"

interface Shared {
  governed: WeakSet<object>
  is_v1: boolean
}

/** Of the process, not of this copy of the module: a plugin that is installed twice governs once. */
function shared(): Shared {
  const place = globalThis as unknown as Record<symbol, Shared | undefined>
  return (place[Symbol.for("oap.opencode")] ??= { governed: new WeakSet(), is_v1: false })
}

async function server(input: PluginInput, options?: Json): Promise<Hooks> {
  const { governed } = shared()
  shared().is_v1 = true
  if (governed.has(input)) return {}
  governed.add(input)
  return v1.govern(input, options)
}

async function setup(context: v2.Context): Promise<(() => void) | undefined> {
  const hook = context.tool?.hook
  if (!hook) {
    if (shared().is_v1) return undefined // OpenCode 1 has a preview of this interface beside its own
    throw new Error("this OpenCode has no tool hook, so oap cannot govern it")
  }
  if (shared().governed.has(context)) return undefined
  shared().governed.add(context)
  return v2.govern(context, (name, callback) => hook.call(context.tool, name, callback))
}

export default { id: "oap", server, setup }
