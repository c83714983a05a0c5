// An editor made of the official client SDK: starts the agent, makes a session, prompts it, and prints what it saw as
// one JSON object. Usage: node acp_client.mjs '{"command": […], "cwd": …, "prompts": […], "permission": "allow_once"}'
// The SDK checks every message of the agent; updates are checked here once more with its schemas, strictly.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const root = path.join(process.env.OAP_PEERS, 'node_modules/@agentclientprotocol/sdk/dist');
const load = (file) => import(pathToFileURL(path.join(root, file)));
const acp = await load('v1/stable/acp.js');
const zod = await load('v1/schema/zod.gen.js');

const plan = JSON.parse(process.argv[2]);
const child = spawn(plan.command[0], plan.command.slice(1), { cwd: plan.cwd, stdio: ['pipe', 'pipe', 'inherit'] });
const out = { updates: [], permissions: [], stops: [], problems: [], files: [] };

const app = acp
  .client({ name: 'oap-test' })
  .onNotification('session/update', (context) => {
    const checked = zod.zSessionNotification.safeParse(context.params);
    if (!checked.success) out.problems.push(JSON.stringify(checked.error.issues));
    out.updates.push(context.params.update);
  })
  .onRequest('session/request_permission', (context) => {
    const checked = zod.zRequestPermissionRequest.safeParse(context.params);
    if (!checked.success) out.problems.push(JSON.stringify(checked.error.issues));
    out.permissions.push(context.params);
    const option = context.params.options.find((one) => one.kind === plan.permission);
    return { outcome: { outcome: 'selected', optionId: option.optionId } };
  })
  .onRequest('fs/read_text_file', (context) => {
    out.files.push(['read', context.params.path]);
    return { content: readFileSync(context.params.path, 'utf8') };
  })
  .onRequest('fs/write_text_file', (context) => {
    out.files.push(['write', context.params.path]);
    writeFileSync(context.params.path, context.params.content);
    return {};
  });

const stream = acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));
await app.connectWith(stream, async (agent) => {
  out.initialize = await agent.request('initialize', {
    protocolVersion: acp.PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: true, session: { notices: {} } },
    clientInfo: { name: 'oap-test', version: '1' },
  });
  out.session = await agent.request('session/new', { cwd: plan.cwd, mcpServers: [] });
  const sessionId = out.session.sessionId;
  if (plan.mode) await agent.request('session/set_config_option', { sessionId, configId: 'mode', value: plan.mode });
  for (const text of plan.prompts) {
    out.stops.push(await agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }));
  }
  out.mode = await agent.request('session/set_mode', { sessionId, modeId: 'accept-edits' });
  out.option = await agent.request('session/set_config_option', { sessionId, configId: 'path', value: 'fast' });
  out.list = await agent.request('session/list', { cwd: plan.cwd });
  await agent.request('session/close', { sessionId });
  const before = out.updates.length;
  out.load = await agent.request('session/load', { sessionId, cwd: plan.cwd, mcpServers: [] });
  out.replayed = out.updates.slice(before).map((update) => update.sessionUpdate);
  await agent.request('session/delete', { sessionId });
});
child.stdin.end();
out.code = await new Promise((resolve) => child.on('exit', resolve));
console.log(JSON.stringify(out));
