// One decision of npm's casbin and of Cedar (WASM), with N rules (tool_i, execute, /proj/dir_i/*), every tenth
// a denial, and a request that one rule matches. Usage: node policy_peers.mjs MODULES N SECONDS
// Prints JSON: {"casbin": {p50, p99, load_ms}, "cedar": {…}}, times of a decision in microseconds.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const [modules, countText, secondsText] = process.argv.slice(2);
const require = createRequire(modules + '/x.js');
const count = Number(countText);
const seconds = Number(secondsText);
const at = (i) => (i * 7919) % count;

function measure(decide, rounds = 200000) {
  const took = [];
  const end = performance.now() + seconds * 1000;
  for (let i = 0; i < rounds && (took.length < 20 || performance.now() < end); ++i) {
    const wanted = at(i);
    const began = performance.now();
    const allowed = decide(wanted);
    took.push((performance.now() - began) * 1000);
    if (allowed !== (wanted % 10 !== 0)) throw new Error(`rule ${wanted} was decided wrongly`);
  }
  took.sort((a, b) => a - b);
  return { p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] };
}

async function casbin() {
  const { newEnforcer, newModelFromString, StringAdapter } = require('casbin');
  const model = newModelFromString(`
[request_definition]
r = tool, act, path
[policy_definition]
p = tool, act, path, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.tool == p.tool && r.act == p.act && keyMatch(r.path, p.path)`);
  const lines = Array.from({ length: count }, (_, i) =>
    `p, tool_${i}, execute, /proj/dir_${i}/*, ${i % 10 === 0 ? 'deny' : 'allow'}`);
  const began = performance.now();
  const enforcer = await newEnforcer(model, new StringAdapter(lines.join('\n')));
  const load_ms = performance.now() - began;
  return { load_ms, ...measure((i) => enforcer.enforceSync(`tool_${i}`, 'execute', `/proj/dir_${i}/file.txt`)) };
}

function cedar() {
  const wasm = require('@cedar-policy/cedar-wasm/nodejs');
  const policies = Array.from({ length: count }, (_, i) =>
    `${i % 10 === 0 ? 'forbid' : 'permit'}(principal, action == Action::"execute", resource == Tool::"tool_${i}")` +
    ` when { context.path like "/proj/dir_${i}/*" };`);
  const began = performance.now();
  const parsed = wasm.preparsePolicySet('bench', { staticPolicies: policies.join('\n') });
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed));
  const load_ms = performance.now() - began;
  const decide = (i) => {
    const answer = wasm.statefulIsAuthorized({
      principal: { type: 'User', id: 'u' }, action: { type: 'Action', id: 'execute' },
      resource: { type: 'Tool', id: `tool_${i}` }, context: { path: `/proj/dir_${i}/file.txt` },
      preparsedPolicySetId: 'bench', entities: [],
    });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
    return answer.response.decision === 'allow';
  };
  return { load_ms, ...measure(decide) };
}

console.log(JSON.stringify({ casbin: await casbin(), cedar: cedar() }));
