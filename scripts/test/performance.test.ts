import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { performanceCharts, withPeersTable, withPerformanceTables } from '../performance/document.ts';
import { issuerRound, sample } from './bench-sample.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const page = readFileSync(join(docs, 'performance.md'), 'utf8');
const readme = readFileSync(join(docs, '../README.md'), 'utf8');

t.test('docs/performance.md and its charts are what the benches measured', async (t) => {
  t.equal(page, withPerformanceTables(page), 'renew it with `make docs`');
  t.equal(readme, withPeersTable(readme), 'README.md: renew it with `make docs`');
  for (const [file, chart] of Object.entries(performanceCharts()))
    t.equal(readFileSync(join(docs, file), 'utf8'), chart, `${file}: renew it with \`make docs\``);
});

t.test('each figure is a ratio to its baseline of the same round: median, least and most', async (t) => {
  const renewed = withPerformanceTables(page, sample);
  t.match(
    renewed,
    '| url-issuer | 200 | 3.00 (2.00–4.00) | 1,000 µs | 1.00 (0.25–1.00) | 1.00 | 10 ms | 20 ms | 1.00 (1.00–1.50) |',
  );
  t.match(renewed, '| url-issuer | 50 | 3.0 ms | 1.50 (1.50–1.50) | 8.0 ms | 2.00 (2.00–2.00) |');
  t.match(renewed, '| POST /v1/uploads | 150 | 1.50 (1.50–1.50) | 1000 µs |');
  const peer = '| better-upload 2.0.3 | nothing | 150 | 1.50 (1.50–1.50) | 1,000 µs | 1.00 (1.00–1.00) |';
  t.match(renewed, peer);
  t.match(withPeersTable(readme, sample), peer);
  t.match(renewed, '| upload-once, 10 in flight | 125 | 12.5 (12.5–12.5) | 0.25 | 0.50 (0.50–0.50) |');
  t.match(renewed, '| acceptor, form | 10000 µs | 10.0 (10.0–10.0) | 1 |');
  t.match(renewed, '| acceptor | 4 + 3 + 2 | 4 + 3 + 2 | 4 + 3 + 2 | 4 + 3 + 2 |');
  t.match(renewed, '| DynamoDB: write units | 5 | 5 | 5 | 5 |');
  t.match(renewed, '| log of all services: kB | 3 | 3 | 3 | 3 |');
  t.match(
    renewed,
    '| beside one form used again and again | 90 ms | 0.90 (0.90–0.90) | 220 ms | 1.10 (1.10–1.10) |',
  );
  t.match(renewed, '| 1 GiB, acceptor | 2.0 s | 0.20 (0.20–0.20) |');
  t.match(renewed, '| beside large ones | 100 ms | 1.00 (1.00–1.00) | 210 ms | 1.05 (1.05–1.05) |');
  t.match(renewed, '| 10000 waiting, 4 acceptors | 4.00 | 0.80 (0.80–0.80) | 0.050 | 0.010 |');
  t.match(renewed, '| 256 in flight | 160 MiB | 1.60 (1.60–1.60) | 256 KiB |');
  t.match(renewed, '| acceptor | 400 ms | 8.00 (8.00–8.00) | 100 MiB | 2.50 (2.50–2.50) |');
  t.match(renewed, '| client library | 1.50 s | 1.50 (1.50–1.50) | 1.00 s | 1.25 (1.25–1.25) |');
  t.match(renewed, '| a call | 100 µs | 25 µs | 0.25 (0.25–0.25) |');
  t.match(renewed, 'it takes 10.0 µs of CPU, 0.50 % of the acceptor');
  t.match(renewed, 'Measured on a machine.');
});

t.test('the charts show each ratio with its range, for a light and a dark ground', async (t) => {
  const charts = performanceCharts(sample);
  t.strictSame(Object.keys(charts), ['bench-issuer.svg', 'bench-consumer.svg', 'bench-uploads.svg']);
  for (const chart of Object.values(charts)) {
    t.match(chart, '@media (prefers-color-scheme: dark)');
    t.notMatch(chart, /NaN|Infinity|undefined/);
  }
  t.match(charts['bench-issuer.svg'], />3\.00 \(2\.00–4\.00\)</);
  t.match(charts['bench-consumer.svg'], />12\.5 \(12\.5–12\.5\)</);
});

t.test('what was not measured is refused', async (t) => {
  const issuer = { machine: 'a machine', results: [{ name: 'url-issuer', rounds: [issuerRound] }] };
  t.throws(() => withPerformanceTables(page, { ...sample, issuer }), {
    message: 'not measured: plain issuer',
  });
});
