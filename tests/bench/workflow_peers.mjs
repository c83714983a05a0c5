// Workflows of 10 trivial durable steps on DBOS (PostgreSQL) or Restate. Usage:
// node workflow_peers.mjs MODULES dbos|restate CONCURRENT SECONDS
// Prints JSON: {"steps_per_s", "run_p50_ms"}. Who runs it ends its process group and removes $TMPDIR.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

process.env.RESTATE_LOGGING ??= 'ERROR';  // a line for each invocation would be measured too
const [modules, which, concurrentText, secondsText] = process.argv.slice(2);
const require = createRequire(modules + '/x.js');
const concurrent = Number(concurrentText);
const seconds = Number(secondsText);

async function measure(runOnce) {
  await runOnce();
  const took = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(Array.from({ length: concurrent }, async () => {
    while (performance.now() < end) {
      const at = performance.now();
      await runOnce();
      took.push(performance.now() - at);
    }
  }));
  const elapsed = (performance.now() - began) / 1000;
  took.sort((a, b) => a - b);
  return { steps_per_s: (took.length * 10) / elapsed, run_p50_ms: took[took.length >> 1] };
}

async function dbos() {
  const { DBOS } = require('@dbos-inc/dbos-sdk');
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DBOS_DATABASE_URL, logLevel: 'error' });
  const workflow = DBOS.registerWorkflow(async () => {
    for (let i = 0; i < 10; ++i) await DBOS.runStep(async () => i, { name: `s${i}` });
  }, { name: 'chain' });
  await DBOS.launch();
  const found = await measure(() => workflow());
  await DBOS.shutdown();
  return found;
}

async function untilUp(url) {
  for (let i = 0; i < 200; ++i) {
    try {
      if ((await fetch(url)).ok) return;
    } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not come up`);
}

async function restate() {
  const sdk = require('@restatedev/restate-sdk');
  const chain = sdk.service({
    name: 'chain',
    handlers: {
      run: async (context) => {
        for (let i = 0; i < 10; ++i) await context.run(`s${i}`, () => i);
      },
    },
  });
  const port = 21000 + (process.pid % 20000);
  await sdk.serve({ services: [chain], port });
  const base = mkdtempSync(join(tmpdir(), 'restate-'));
  const server = spawn(join(modules, '.bin/restate-server'), ['--base-dir', base, '--node-name', 'bench'], {
    stdio: 'ignore',
    env: { ...process.env, RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${port + 1}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${port + 2}`, RESTATE_BIND_ADDRESS: `127.0.0.1:${port + 3}` },
  });
  try {
    await untilUp(`http://127.0.0.1:${port + 2}/health`);
    const made = await fetch(`http://127.0.0.1:${port + 2}/deployments`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
    });
    if (!made.ok) throw new Error(`the deployment was refused: ${await made.text()}`);
    return await measure(async () => {
      const answer = await fetch(`http://127.0.0.1:${port + 1}/chain/run`,
        { method: 'POST', signal: AbortSignal.timeout(20_000) });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.text();
    });
  } finally {
    server.kill('SIGKILL');  // a wrapper; the server itself ends with our process group
  }
}

console.log(JSON.stringify(await (which === 'dbos' ? dbos() : restate())));
process.exit(0);
