/** What OpenCode asks and what the daemon says, the same for its versions 1 and 2. */
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DEADLINE_MS, Daemon, socket_path } from "./daemon.ts"
import { is_object, message_of, number_of, text_of, type Json } from "./values.ts"

/** A tool's answer. */
export interface Answer {
  output: string
  title?: string
  metadata?: Json
}

/** What is known of a session. */
interface Session {
  directory?: string
  parent?: string
  agent?: string
}

export class Governor {
  private readonly daemon: Daemon
  private readonly directory: string
  private readonly sessions = new Map<string, Session>()
  private folder = ""

  /** Options: `socket` (path), `deadline_ms` (of one call). */
  constructor(directory: string, options: Json | undefined) {
    this.directory = directory
    this.daemon = new Daemon(text_of(options?.socket) || socket_path(), directory, number_of(options?.deadline_ms) || DEADLINE_MS)
  }

  knows(session: unknown): boolean {
    return this.sessions.has(text_of(session))
  }

  /** The arguments to run with; throws where the call may not run. */
  async before(session: unknown, call: unknown, tool: string, args: unknown): Promise<Json> {
    const given = is_object(args) ? args : {}
    const agent = this.sessions.get(text_of(session))?.agent
    const said = await this.call("tool/before", session, {
      call: text_of(call) || randomUUID(),
      tool,
      arguments: given,
      ...(agent ? { agent } : {}),
    })
    if (said.decision === "allow") return given
    if (said.decision === "modify" && is_object(said.arguments)) return said.arguments
    if (said.decision === "deny" || said.decision === "ask") {
      throw new Error(`denied by oap: ${text_of(said.reason) || "its policy does not allow this call"}`)
    }
    throw new Error("denied: oap's answer is not understood; run 'oap hook install opencode' again, the versions may differ")
  }

  /** The answer without its secrets; throws where it could not be cleaned, so that nobody reads it. */
  async after(session: unknown, call: unknown, tool: string, args: unknown, answer: Answer, failed = false): Promise<Answer> {
    let said: Json
    try {
      said = await this.call("tool/after", session, {
        call: text_of(call) || randomUUID(),
        tool,
        arguments: is_object(args) ? args : {},
        ...answer,
        ...(failed ? { failed } : {}),
      })
    } catch (error) {
      throw new Error(`the tool ran, but its answer is withheld: ${message_of(error)}`)
    }
    return {
      output: typeof said.output === "string" ? said.output : answer.output,
      title: typeof said.title === "string" ? said.title : answer.title,
      metadata: is_object(said.metadata) ? said.metadata : answer.metadata,
    }
  }

  /** The text to send; throws where it may not be sent. */
  async prompt(session: unknown, text: string, agent: unknown): Promise<string> {
    if (text_of(agent)) this.learn(session, { agent: text_of(agent) })
    const said = await this.call("chat/message", session, { text, ...(text_of(agent) ? { agent } : {}) })
    if (said.decision !== "allow") throw new Error(`denied by oap: ${text_of(said.reason) || "its policy does not allow this message"}`)
    return typeof said.text === "string" ? said.text : text
  }

  /** "once", "reject" or "none" (a person decides). What cannot be decided is rejected. */
  async permission(session: unknown, asked: Json): Promise<{ reply: "once" | "reject" | "none"; message: string }> {
    try {
      const said = await this.call("permission/asked", session, asked)
      const reply = said.reply === "once" || said.reply === "none" ? said.reply : "reject"
      return { reply, message: text_of(said.message) }
    } catch (error) {
      return { reply: "reject", message: message_of(error) }
    }
  }

  /** Notes where a session belongs, and whose child it is, and tells the daemon of it. */
  async created(session: unknown, parent: unknown, directory?: string): Promise<void> {
    this.learn(session, { ...(text_of(parent) ? { parent: text_of(parent) } : {}), ...(directory ? { directory } : {}) })
    await this.call("session/created", session, {})
  }

  /** What to go on with; "" where the session is done. */
  async idle(session: unknown): Promise<string> {
    return text_of((await this.call("session/idle", session, {})).prompt)
  }

  /** Whether the session must stop because of what this step cost. */
  async stops(session: unknown, tokens: unknown, cost: unknown): Promise<boolean> {
    const used = is_object(tokens) ? tokens : {}
    const cache = is_object(used.cache) ? used.cache : {}
    const said = await this.call("session/usage", session, {
      tokens: {
        input: number_of(used.input),
        output: number_of(used.output),
        reasoning: number_of(used.reasoning),
        cache_read: number_of(cache.read),
        cache_write: number_of(cache.write),
      },
      cost_usd: number_of(cost),
    })
    return said.stop === true
  }

  forget(session: unknown): void {
    this.sessions.delete(text_of(session))
  }

  /**
   * Makes bash send what it writes through the daemon's filter, so that a secret in it is gone
   * before OpenCode streams and stores it. Bash reads $BASH_ENV first; other shells do not.
   */
  shell(env: Json): void {
    const filter = this.daemon.hello.filter
    if (!Array.isArray(filter) || filter.length === 0 || !filter.every((word) => typeof word === "string")) return
    if (!this.folder) {
      this.folder = mkdtempSync(join(tmpdir(), "oap-shell-"))
      writeFileSync(join(this.folder, "env"), filtering(filter), { mode: 0o600 })
      process.once("exit", this.clear)
    }
    const ours = join(this.folder, "env")
    const own = text_of(env.BASH_ENV) || process.env.BASH_ENV
    if (own && own !== ours) env.OAP_BASH_ENV = own
    env.BASH_ENV = ours
  }

  close(): void {
    this.daemon.close()
    process.off("exit", this.clear)
    this.clear()
  }

  private readonly clear = (): void => {
    if (this.folder) rmSync(this.folder, { recursive: true, force: true })
    this.folder = ""
  }

  private learn(session: unknown, more: Session): void {
    this.sessions.set(text_of(session), { ...this.sessions.get(text_of(session)), ...more })
  }

  private call(method: string, session: unknown, more: Json): Promise<Json> {
    const known = this.sessions.get(text_of(session))
    return this.daemon.call(method, {
      directory: known?.directory ?? this.directory,
      session: text_of(session),
      ...(known?.parent ? { parent: known.parent } : {}),
      ...more,
    })
  }
}

/** What bash reads first. The filter outlives the signals that end a command, so that its last words are not lost. */
function filtering(filter: string[]): string {
  const command = filter.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
  return (
    `unset BASH_ENV\nexec > >(trap '' HUP INT TERM; exec ${command}) 2>&1\n` +
    `if [ -n "$OAP_BASH_ENV" ]; then BASH_ENV=$OAP_BASH_ENV; unset OAP_BASH_ENV; . "$BASH_ENV"; fi\n`
  )
}
