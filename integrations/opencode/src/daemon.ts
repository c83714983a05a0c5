/** The wire to `oap serve`: JSON-RPC 2.0, one object a line, over its Unix socket (docs/design/006-daemon-wire.md). */
import { createHash } from "node:crypto"
import { realpathSync, statSync } from "node:fs"
import { createConnection, type Socket } from "node:net"
import { homedir, userInfo } from "node:os"
import { join } from "node:path"
import { is_object, text_of, type Json } from "./values.ts"

export const VERSION = "0.1.0"
export const DEADLINE_MS = 10_000
const CONNECT_MS = 2_000
const MAX_LINE = 16 * 1024 * 1024
const MAX_SUN_PATH = 107
const ADVICE = "start the daemon with 'oap serve' and try again"

/** Where the daemon listens: $OAP_SOCKET, else in oap's state directory, else (a long path) in a short one. */
export function socket_path(env: NodeJS.ProcessEnv = process.env): string {
  if (env.OAP_SOCKET) return env.OAP_SOCKET
  const base = env.XDG_STATE_HOME?.startsWith("/") ? env.XDG_STATE_HOME : join(env.HOME || homedir(), ".local", "state")
  const state = env.OPENCODE_DATA_PATH ? resolved(env.OPENCODE_DATA_PATH) : join(base, "oap")
  const path = join(state, "oap.sock")
  if (Buffer.byteLength(path) <= MAX_SUN_PATH) return path
  const name = createHash("sha256").update(state).digest("hex").slice(0, 16)
  return join(env.XDG_RUNTIME_DIR || `/tmp/oap-${userInfo().uid}`, `oap-${name}.sock`)
}

/** The daemon is one's own or root's; where nothing listens, connecting says so. */
function is_own(path: string): boolean {
  const owner = statSync(path, { throwIfNoEntry: false })?.uid
  return owner === undefined || owner === 0 || owner === process.getuid?.()
}

function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

interface Waiting {
  resolve(result: Json): void
  reject(error: Error): void
}

/** Bytes to whole lines, each looked at once. */
class Lines {
  private pieces: string[] = []
  private length = 0

  /** The lines that this chunk ends; nothing where a line is longer than may be. */
  add(chunk: string): string[] | undefined {
    const lines = chunk.split("\n")
    const rest = lines.pop() ?? ""
    if (lines.length > 0) {
      lines[0] = this.pieces.join("") + lines[0]
      this.pieces = []
      this.length = 0
    }
    this.pieces.push(rest)
    this.length += rest.length
    return this.length > MAX_LINE ? undefined : lines
  }
}

/** One persistent connection, made at the first call and again after it was lost. Each call has a deadline. */
export class Daemon {
  private readonly path: string
  private readonly directory: string
  private readonly deadline_ms: number
  private socket?: Socket
  private connecting?: Promise<Socket>
  private readonly waiting = new Map<number, Waiting>()
  private next = 1
  /** What `initialize` answered. */
  hello: Json = {}

  constructor(path: string, directory: string, deadline_ms: number = DEADLINE_MS) {
    this.path = path
    this.directory = directory
    this.deadline_ms = deadline_ms
  }

  /** The daemon's answer to one request; rejects where there is none, in time and of the right form. */
  async call(method: string, params: Json): Promise<Json> {
    const id = this.next++
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`oap did not answer within ${this.deadline_ms} ms; ${ADVICE}`)), this.deadline_ms)
    })
    const answer = this.connection().then((socket) => this.send(socket, id, method, params))
    answer.catch(() => {})
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
      this.waiting.delete(id)
    }
  }

  close(): void {
    if (this.socket) this.drop(this.socket, "the connection was closed")
  }

  private connection(): Promise<Socket> {
    if (this.connecting) return this.connecting
    if (this.socket && !this.socket.destroyed) return Promise.resolve(this.socket)
    this.connecting = this.connect().finally(() => (this.connecting = undefined))
    return this.connecting
  }

  private async connect(): Promise<Socket> {
    const socket = await this.open()
    const lines = new Lines()
    socket.setEncoding("utf8")
    socket.on("data", (chunk) => this.receive(socket, lines.add(String(chunk))))
    socket.on("error", (error) => this.drop(socket, error.message))
    socket.on("close", () => this.drop(socket, "the connection was lost"))
    this.socket = socket
    const hello = await this.send(socket, this.next++, "initialize", {
      client: { name: "opencode", version: VERSION },
      protocol: 1,
      directory: this.directory,
      can_ask: false,
    })
    if (hello.protocol !== 1) {
      this.drop(socket, "another protocol")
      throw new Error("the oap daemon speaks another protocol than this plugin; run 'oap hook install opencode' again")
    }
    this.hello = hello
    socket.unref()
    return socket
  }

  private open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      if (!is_own(this.path)) return reject(new Error(`${this.path} is another user's, so oap's answers cannot be believed; ${ADVICE}`))
      const socket = createConnection({ path: this.path })
      const timer = setTimeout(() => failed("no connection"), CONNECT_MS)
      const failed = (why: string) => {
        clearTimeout(timer)
        socket.destroy()
        reject(new Error(`oap is not running (${why}, ${this.path}); ${ADVICE}`))
      }
      socket.once("error", (error: NodeJS.ErrnoException) => failed(error.code ?? error.message))
      socket.once("connect", () => {
        clearTimeout(timer)
        socket.removeAllListeners("error")
        resolve(socket)
      })
    })
  }

  private send(socket: Socket, id: number, method: string, params: Json): Promise<Json> {
    return new Promise((resolve, reject) => {
      const line = JSON.stringify({ jsonrpc: "2.0", id, method, params })
      if (line.length > MAX_LINE / 4 && Buffer.byteLength(line) >= MAX_LINE) {
        return reject(new Error("the call is larger than the 16 MiB that oap can judge"))
      }
      this.waiting.set(id, { resolve, reject })
      socket.write(line + "\n")
    })
  }

  private receive(socket: Socket, lines: string[] | undefined): void {
    if (!lines) return this.drop(socket, "an answer without end")
    for (const line of lines) if (!this.take(line)) return this.drop(socket, "an answer that is no JSON-RPC")
  }

  private take(line: string): boolean {
    let answer: unknown
    try {
      answer = JSON.parse(line)
    } catch {
      return line.trim() === ""
    }
    if (!is_object(answer)) return false
    if (typeof answer.id !== "number") return "method" in answer
    const waiting = this.waiting.get(answer.id)
    if (!waiting) return true // late: it was denied already
    this.waiting.delete(answer.id)
    if (is_object(answer.result)) waiting.resolve(answer.result)
    else if (is_object(answer.error)) waiting.reject(new Error(text_of(answer.error.message) || "oap could not decide"))
    else waiting.reject(new Error("oap's answer has no result"))
    return true
  }

  private drop(socket: Socket, why: string): void {
    if (socket !== this.socket) return
    this.socket = undefined
    socket.destroy()
    const lost = new Error(`oap went away before it decided (${why}); ${ADVICE}`)
    for (const waiting of this.waiting.values()) waiting.reject(lost)
    this.waiting.clear()
  }
}
