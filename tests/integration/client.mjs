// Runs a plan of steps against an MCP server with one of the official SDK clients; prints one JSON object.
//   OAP_PEERS=build/peers node client.mjs < plan.json
// plan: {sdk: "v1"|"v2", era: "legacy"|"auto"|"modern", url | command, args, cwd, env,
//        capabilities, elicit, runEnv, runIn, steps: [{do: "tools"} …]}        what steps there are: `steps` below
// Prints {negotiated, server, capabilities, instructions, results, notifications, asked, requests, failures}; a step
// that throws gives {error, code} in results.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const require = createRequire(`${process.env.OAP_PEERS}/package.json`);
const plan = JSON.parse(readFileSync(0, 'utf8'));
const out = { results: [], notifications: [], asked: [], requests: [], failures: [] };
const kinds = { tools: 'listTools', resources: 'listResources', prompts: 'listPrompts', resourceTemplates: 'listResourceTemplates' };

const v2 = plan.sdk === 'v2';
const sdk = v2 ? '@modelcontextprotocol/client' : '@modelcontextprotocol/sdk/client';
const { Client } = require(v2 ? sdk : `${sdk}/index.js`);
const { StreamableHTTPClientTransport } = require(v2 ? sdk : `${sdk}/streamableHttp.js`);
const { StdioClientTransport } = require(v2 ? `${sdk}/stdio` : `${sdk}/stdio.js`);
const types = v2 ? {} : require('@modelcontextprotocol/sdk/types.js');
const loose = require('zod').object({}).passthrough();

// ---- what the server may ask of the client
const capabilities = plan.capabilities ?? { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };
const roots = [{ uri: 'file:///tmp/one', name: 'one' }];
const answers = {
  'sampling/createMessage': ({ messages }) => {
    const last = [messages.at(-1).content].flat()[0];
    return { model: 'test-model', role: 'assistant', stopReason: 'endTurn',
      content: { type: 'text', text: `sampled: ${last.text}` } };
  },
  'elicitation/create': ({ mode }) =>
    mode === 'url' ? { action: 'accept' } : plan.elicit ?? { action: 'accept', content: { name: 'Ada' } },
  'roots/list': () => ({ roots }),
};
function answerQuestions(client) {
  const schemas = { 'sampling/createMessage': 'CreateMessageRequestSchema', 'elicitation/create': 'ElicitRequestSchema',
    'roots/list': 'ListRootsRequestSchema' };
  const declared = { 'sampling/createMessage': 'sampling', 'elicitation/create': 'elicitation', 'roots/list': 'roots' };
  for (const [method, answer] of Object.entries(answers)) {
    if (!capabilities[declared[method]]) continue;
    client.setRequestHandler(v2 ? method : types[schemas[method]], async (request) => {
      out.asked.push({ method, params: request.params });
      return answer(request.params ?? {});
    });
  }
}

// ---- the transport; over HTTP with a fetch that notes each request and can cut a stream
let cut = null; // {after: n}: cuts the next event stream behind its n-th event that has an id
async function watchedFetch(url, init = {}) {
  const response = await fetch(url, init);
  const headers = Object.fromEntries(new Headers(init.headers).entries());
  out.requests.push({ method: init.method ?? 'GET', status: response.status, lastEventId: headers['last-event-id'] ?? null,
    type: response.headers.get('content-type') });
  const isStream = (response.headers.get('content-type') ?? '').includes('text/event-stream');
  if (!cut || init.method !== 'POST' || !isStream) return response;
  const limit = cut.after;
  cut = null;
  return new Response(response.body.pipeThrough(cutter(limit)), response);
}
function cutter(limit) {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      seen += new TextDecoder().decode(chunk).split('\n').filter((line) => line.startsWith('id:')).length;
      if (seen >= limit) controller.error(new TypeError('the network is gone'));
    },
  });
}
function makeTransport() {
  if (!plan.url) {
    return new StdioClientTransport({ command: plan.command, args: plan.args, cwd: plan.cwd, env: plan.env, stderr: 'ignore' });
  }
  const reconnectionOptions = { initialReconnectionDelay: 50, maxReconnectionDelay: 500, reconnectionDelayGrowFactor: 1.5, maxRetries: 5 };
  return new StreamableHTTPClientTransport(new URL(plan.url), { fetch: watchedFetch, reconnectionOptions });
}

// ---- waiting for a notification
let wake = () => {};
async function waitFor(condition, what, seconds = 12) {
  const deadline = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { wake = resolve; setTimeout(resolve, 100); });
  }
}

async function listAll(client, kind) {
  const items = [];
  let cursor;
  do {
    const page = await client[kinds[kind]](cursor === undefined ? {} : { cursor });
    items.push(...page[kind]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

async function call(client, step) {
  const progress = [];
  const abort = new AbortController();
  const options = { signal: abort.signal, timeout: step.timeout ?? 15000, resetTimeoutOnProgress: step.reset ?? false };
  if (step.progress) {
    options.onprogress = (update) => {
      if ((update.message ?? '').startsWith('Fulfilling input required')) return; // said by the SDK itself
      progress.push(update);
      if (progress.length === step.cancelAfter) abort.abort('enough');
    };
  }
  if (step.cut) cut = step.cut;
  const params = { name: step.name, arguments: step.arguments ?? {} };
  const result = await (v2 ? client.callTool(params, options) : client.callTool(params, undefined, options));
  return { ...result, progress };
}

const steps = {
  list: (client, { kind }) => listAll(client, kind),
  settled: async (client, { kind, count }) => { // the list, once it has that many
    let items = await listAll(client, kind);
    for (const deadline = Date.now() + 20000; items.length < count && Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      items = await listAll(client, kind);
    }
    return items;
  },
  run: async (client, { argv }) => { // a command, until it succeeds
    for (const deadline = Date.now() + 12000; ;) {
      try {
        const options = { env: plan.runEnv, cwd: plan.runIn };
        return { out: (await promisify(execFile)(argv[0], argv.slice(1), options)).stdout };
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  },
  call,
  calls: (client, step) => Promise.all(step.calls.map((each) => call(client, each))),
  read: (client, { uri }) => client.readResource({ uri }),
  prompt: (client, step) => client.getPrompt({ name: step.name, arguments: step.arguments }),
  complete: (client, { params }) => client.complete(params),
  level: (client, { level }) => client.setLoggingLevel(level),
  ping: (client) => client.ping({ timeout: 5000 }),
  subscribe: (client, { uri }) => client.subscribeResource({ uri }),
  unsubscribe: (client, { uri }) => client.unsubscribeResource({ uri }),
  listen: async (client, { filter }) => { await client.listen(filter); return {}; },
  roots: async (client) => { await client.sendRootsListChanged(); return {}; },
  raw: (client, { method, params }) => client.request({ method, params }, loose),
  forget: (client, { method }) => { out.notifications = out.notifications.filter((n) => n.method !== method); return {}; },
  wait: async (client, { method, count = 1 }) => {
    const found = () => out.notifications.filter((n) => n.method === method);
    await waitFor(() => found().length >= count, `${count} × ${method}`);
    return found();
  },
  asked: async (client, { method }) => {
    await waitFor(() => out.asked.some((each) => each.method === method), `the question ${method}`);
    return {};
  },
};

async function main() {
  const options = { capabilities };
  const mode = { legacy: 'legacy', auto: 'auto', modern: { pin: '2026-07-28' } }[plan.era ?? 'legacy'];
  if (v2) options.versionNegotiation = { mode };
  const client = new Client({ name: `integration-${plan.sdk}`, version: '1.0.0' }, options);
  answerQuestions(client);
  client.onerror = (error) => out.failures.push(String(error.message ?? error));
  client.fallbackNotificationHandler = async (notification) => { out.notifications.push(notification); wake(); };
  const transport = makeTransport();
  await client.connect(transport, { timeout: 15000 });
  Object.assign(out, { negotiated: v2 ? client.getNegotiatedProtocolVersion() : transport.protocolVersion ?? transport._protocolVersion ?? null,
    server: client.getServerVersion(), capabilities: client.getServerCapabilities(), instructions: client.getInstructions() ?? null });
  for (const step of plan.steps) {
    try {
      out.results.push(await steps[step.do](client, step));
    } catch (error) {
      out.results.push({ error: String(error.message ?? error), code: error.code ?? null });
    }
  }
  if (transport.terminateSession && transport.sessionId) await transport.terminateSession();
  await client.close();
}

try {
  await main();
} catch (error) {
  out.fatal = String(error.stack ?? error);
}
process.stdout.write(JSON.stringify(out) + '\n', () => process.exit(out.fatal ? 1 : 0));
