#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what it lacks instead of ending with a syntax error.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [needed, needed2] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < needed || (major === needed && minor < needed2)) {
  process.stderr.write(`upload-once needs Node ${engines.node}, this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  // The first releases of Node 24 warn that they strip types; you can do nothing about that.
  process.removeAllListeners('warning');
  await import('../src/main.ts');
}
