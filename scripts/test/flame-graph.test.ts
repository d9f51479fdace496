import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { originOf } from '../../bench/profile/code-origin.ts';
import { flameGraph } from '../../bench/profile/flame-graph.ts';
import { type CpuProfile, framesOf } from '../../bench/profile/frames.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = 'file:///somewhere/packages/table/src/table.ts';
const SDK = 'file:///somewhere/node_modules/@smithy/core/dist/index.js';

function node(id: number, functionName: string, url = '', children: number[] = []) {
  return { id, callFrame: { functionName, url, lineNumber: url ? 11 : -1 }, children };
}

/** `read` calls `send` in two places, which V8 keeps as nodes of their own; a millisecond a sample. */
const nodes = [
  node(1, '(root)', '', [2, 3, 6]),
  node(2, '(idle)'),
  node(3, 'read', PACKAGE, [4, 5]),
  node(4, 'send<T>', SDK),
  node(5, 'send<T>', SDK),
  node(6, '(program)'),
];

function profileOf(...samples: number[]): CpuProfile {
  return { nodes, samples, timeDeltas: samples.map(() => 1_000) };
}

/** What the first half is, which does not count. */
const start = (busy: number) => Array.from({ length: busy }, () => 6);

t.test('stacks of the same functions are one, with the time of what they called', async (t) => {
  const root = framesOf(profileOf(...start(6), 3, 4, 4, 5, 3, 6));
  const [read, program] = [...root.children.values()];
  t.equal(root.microseconds, 6_000);
  t.match(read, { name: 'read', microseconds: 5_000, selfMicroseconds: 2_000, origin: 'ours' });
  t.equal(read?.children.size, 1);
  t.match([...(read?.children.values() ?? [])][0], { name: 'send<T>', microseconds: 3_000, origin: 'sdk' });
  t.match(program, { name: '(program)', microseconds: 1_000, origin: 'node' });
});

t.test('neither idle time nor the start counts', async (t) => {
  const root = framesOf(profileOf(2, 2, 2, 4, 4, 2, 3, 3, 2));
  const [read] = [...root.children.values()];
  t.equal(root.microseconds, 2_000);
  t.equal(read?.selfMicroseconds, 2_000);
});

t.test('a frame says its name, place and time, and is as wide as its time', async (t) => {
  const graph = flameGraph(profileOf(...start(4), 3, 4, 5, 6), 'CPU of a <service>');
  t.match(graph, '<title>read, packages/table/src/table.ts:12, 75.0 %, itself 25.0 %</title>');
  t.match(graph, '<title>send&lt;T&gt;, @smithy/core/dist/index.js:12, 50.0 %, itself 50.0 %</title>');
  t.match(graph, '<path class="ours" d="M0 64h900v16h-900z"/>');
  t.match(graph, '<path class="sdk" d="M0 80h600v16h-600z"/>', 'below its caller');
  t.match(graph, 'CPU of a &lt;service&gt;');
  t.match(graph, 'AWS SDK: 50.0 %');
  t.match(graph, '@media (prefers-color-scheme: dark)');
});

t.test('what takes less than 0.3 % is left out', async (t) => {
  const many = Array.from({ length: 399 }, () => 6);
  t.notMatch(flameGraph(profileOf(...start(400), ...many, 3), 'a'), '<title>read');
  t.match(flameGraph(profileOf(...start(400), ...many.slice(1), 3, 3), 'a'), '<title>read');
});

t.test('a profile in which nothing ran is refused', async (t) => {
  t.throws(() => flameGraph(profileOf(2, 2), 'a'), { message: 'the profile has no busy sample' });
});

t.test('whose code it is shows in its file', async (t) => {
  const packages = 'file:///somewhere/node_modules';
  t.match(originOf(`${packages}/@aws-sdk/client-s3/dist-es/S3.js`, 0), { origin: 'sdk' });
  t.match(originOf(`${packages}/a/node_modules/@smithy/core/index.js`, 0), {
    origin: 'sdk',
    place: '@smithy/core/index.js:1',
  });
  for (const name of ['fastify', '@fastify/helmet', 'find-my-way', 'fast-json-stringify', 'avvio'])
    t.match(originOf(`${packages}/${name}/index.js`, 0), { origin: 'fastify' }, name);
  t.match(originOf(`${packages}/pino/pino.js`, 0), { origin: 'other' });
  t.match(originOf('node:internal/streams', 4), { origin: 'node', place: 'node:internal/streams:5' });
  t.match(originOf('', 3), { origin: 'fastify' }, 'compiled at run time');
  t.match(originOf('', -1), { origin: 'node', place: '' });
  t.match(originOf('file:///a/services/acceptor/src/main.ts', 0), {
    origin: 'ours',
    place: 'services/acceptor/src/main.ts:1',
  });
});

t.test('the flame graphs of docs/ are shown on a page, and small', async (t) => {
  const page = readFileSync(`${repository}/docs/performance.md`, 'utf8');
  const files = globSync('docs/flame-*.svg', { cwd: repository });
  t.ok(files.length > 0);
  for (const file of files) {
    t.ok(statSync(`${repository}/${file}`).size < 150_000, file);
    t.match(page, `](${file.replace('docs/', '')})`);
  }
});
