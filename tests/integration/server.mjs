// A server of the official SDK 2 (2026-07-28, and 2025-11-25 for clients that begin with initialize).
//   OAP_PEERS=build/peers node server.mjs stdio
//   OAP_PEERS=build/peers node server.mjs http          prints "port N"
//   OAP_PEERS=build/peers node server.mjs modern-http   the same, refuses legacy clients
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.OAP_PEERS}/package.json`);
const { McpServer, ResourceTemplate, completable, createMcpHandler, inputRequired, inputResponse } = require('@modelcontextprotocol/server');
const { serveStdio } = require('@modelcontextprotocol/server/stdio');
const { toNodeHandler } = require('@modelcontextprotocol/node');
const { z } = require('zod');

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });
const icons = [{ src: 'https://example.com/icon.png', mimeType: 'image/png', sizes: ['48x48'], theme: 'dark' }];
let publish = () => {};
let grown = false;

function addTools(server) {
  server.registerTool('greet', { title: 'Greet', description: 'Greets — "quoted", ünïcode, <tags>', icons,
    inputSchema: z.object({ name: z.string().describe('whom').default('you') }),
    outputSchema: z.object({ greeting: z.string(), length: z.number().int() }),
    annotations: { title: 'Greeter', readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    _meta: { 'example.com/rank': 1.5, 'example.com/big': 9007199254740991 },
  }, async ({ name }) => {
    const greeting = `hello ${name}`;
    return { ...text(greeting), structuredContent: { greeting, length: greeting.length }, _meta: { 'example.com/seen': true } };
  });
  server.registerTool('count', { description: 'Counts with progress', inputSchema: z.object({ to: z.number(), pauseMs: z.number().default(10) }) },
    async ({ to, pauseMs }, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      ctx.mcpReq.signal.addEventListener('abort', () => { cancelled += 1; }, { once: true });
      for (let i = 1; i <= to && !ctx.mcpReq.signal.aborted; ++i) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        if (progressToken !== undefined) {
          await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: i, total: to, message: `step ${i}` } });
        }
      }
      return text(`counted to ${to}`);
    });
  server.registerTool('cancelled', { description: 'How many counts were cancelled' }, async () => text(cancelled));
  server.registerTool('speak', { description: 'Logs' }, async (ctx) => {
    await ctx.mcpReq.log('warning', { words: 'careful' }, 'speaker');
    return text('said');
  });
  server.registerTool('fail', { description: 'Fails' }, async () => { throw new Error('it broke'); });
  server.registerTool('grow', { description: 'Adds the tool late' }, async () => {
    if (!grown) {
      grown = true;
      addLate(server);
      publish();
    }
    return text('grown');
  });
  if (grown) addLate(server);
}
let cancelled = 0;

function addLate(server) {
  server.registerTool('late', { description: 'Came later' }, async () => text('late'));
}

function addQuestions(server) {
  const ask = { elicit: () => inputRequired.elicit({ message: 'Who are you?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } }),
  sample: () => inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: 'think' } }], maxTokens: 10 }),
  roots: () => inputRequired.listRoots() };
  for (const [name, question] of Object.entries(ask)) {
    server.registerTool(`ask-${name}`, { description: `Asks: ${name}` }, async (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'q');
      if (answer.kind === 'missing') return inputRequired({ inputRequests: { q: question() }, requestState: `state-${name}` });
      return text(`${ctx.mcpReq.requestState() === `state-${name}` || ctx.mcpReq.requestState() === undefined}: ${JSON.stringify(answer)}`);
    });
  }
}

function build() {
  const server = new McpServer({ name: 'sdk2', version: '2.0.0' }, { instructions: 'Greet politely.',
    capabilities: { logging: {}, tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true } } });
  addTools(server);
  addQuestions(server);
  server.registerResource('note', 'note://one', { title: 'One', description: 'A note', mimeType: 'text/plain', icons,
    annotations: { audience: ['user'], priority: 0.5 } }, async (uri) => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: 'note one' }] }));
  const color = completable(z.string(), (value) => ['red', 'green', 'grey'].filter((each) => each.startsWith(value)));
  server.registerResource('paint', new ResourceTemplate('paint://{color}', { list: undefined,
    complete: { color: (value) => ['red', 'green', 'grey'].filter((each) => each.startsWith(value)) } }),
  { title: 'Paint', mimeType: 'text/plain' }, async (uri, { color: name }) => ({ contents: [{ uri: uri.href, text: `paint ${name}` }] }));
  server.registerPrompt('describe', { title: 'Describe', description: 'Describes a color', argsSchema: z.object({ color }) },
    ({ color: name }) => ({ messages: [{ role: 'user', content: { type: 'text', text: `describe ${name}` } }] }));
  return server;
}

if (process.argv[2] === 'stdio') {
  serveStdio(build);
} else {
  const handler = createMcpHandler(build, { legacy: process.argv[2] === 'modern-http' ? 'reject' : 'stateless' });
  publish = () => handler.notify.toolsChanged();
  const http = createServer(toNodeHandler(handler));
  http.listen(0, '127.0.0.1', () => console.log(`port ${http.address().port}`));
}
