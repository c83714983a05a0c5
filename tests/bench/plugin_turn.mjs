// What one tool turn costs inside OpenCode's plugin: before, after and usage against the real daemon, no OpenCode.
// Usage: node plugin_turn.mjs SOCKET FOLDER TURNS   Prints milliseconds of each turn, one a line.
import plugin from "../../integrations/opencode/src/index.ts"

const [socket, directory, turns] = process.argv.slice(2)
const hooks = await plugin.server({ directory, worktree: directory, client: {} }, { socket })
const session = { sessionID: "ses_bench" }
for (let turn = -20; turn < Number(turns); turn++) {
  const began = performance.now()
  const call = { tool: "bash", ...session, callID: `c${turn}` }
  const args = { command: `echo ${turn}`, description: "a step" }
  await hooks["tool.execute.before"](call, { args })
  await hooks["shell.env"]({ cwd: directory, ...call }, { env: {} })
  await hooks["tool.execute.after"]({ ...call, args }, { title: "", output: `${turn}\n`, metadata: { output: `${turn}\n`, exit: 0 } })
  const part = { type: "step-finish", ...session, cost: 0, tokens: { input: 1, output: 1, reasoning: 0, cache: { read: 0, write: 0 } } }
  await hooks.event({ event: { type: "message.part.updated", properties: { part } } })
  if (turn >= 0) console.log((performance.now() - began).toFixed(3))
}
await hooks.dispose()
