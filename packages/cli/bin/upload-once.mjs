#!/usr/bin/env node
// Plain JavaScript that any Node can read: an older one would stop at the first type annotation with a syntax
// error that helps nobody.
const needed = 24;
if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(`upload-once needs Node ${needed} or newer, this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  // The first releases of Node 24 warn that they strip types; whoever uploads a file can do nothing about that.
  process.removeAllListeners('warning');
  await import('../src/main.ts');
}
