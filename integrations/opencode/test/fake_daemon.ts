/** A daemon that says what a test tells it to, over the true wire. */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

type Json = Record<string, any>
/** Gives the result, or writes to the socket itself and gives nothing. */
export type Answer = (params: Json, id: number, socket: Socket) => Json | undefined | void

export class FakeDaemon {
  readonly path = join(mkdtempSync(join(tmpdir(), "oap-fake-")), "oap.sock")
  readonly requests: { method: string; params: Json }[] = []
  connections = 0
  answers: Record<string, Answer> = {}
  private server?: Server
  private sockets = new Set<Socket>()

  async start(): Promise<this> {
    this.server = createServer((socket) => this.accept(socket))
    await new Promise<void>((resolve) => this.server!.listen(this.path, resolve))
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)))
  }

  async end(): Promise<void> {
    await this.stop()
    rmSync(join(this.path, ".."), { recursive: true, force: true })
  }

  /** The parameters of each request of one method. */
  of(method: string): Json[] {
    return this.requests.filter((request) => request.method === method).map((request) => request.params)
  }

  private accept(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    let rest = ""
    socket.setEncoding("utf8")
    socket.on("error", () => {})
    socket.on("data", (chunk) => {
      const lines = (rest + chunk).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) this.take(JSON.parse(line), socket)
    })
  }

  private take(request: Json, socket: Socket): void {
    this.requests.push({ method: request.method, params: request.params })
    const answer = this.answers[request.method] ?? DEFAULTS[request.method]
    const result = answer ? answer(request.params, request.id, socket) : {}
    if (result) socket.write(JSON.stringify({ jsonrpc: "2.0", id: request.id, result }) + "\n")
  }
}

const DEFAULTS: Record<string, Answer> = {
  initialize: () => ({ protocol: 1, server: { name: "oap", version: "0.1.0" }, workspace: "/w" }),
  "tool/before": () => ({ decision: "allow" }),
  "tool/after": () => ({ findings: [] }),
  "chat/message": () => ({ decision: "allow" }),
  "permission/asked": () => ({ reply: "none" }),
  "session/usage": () => ({ stop: false }),
}
