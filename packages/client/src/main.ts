import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { run } from './cli.ts';

// Whoever reads our output may stop reading (`| head`); the uploads go on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  now: () => new Date(),
  randomBytes,
  sleep: (seconds, signal) => setTimeout(seconds * 1000, undefined, { signal }),
  async loadAccess() {
    const [{ DynamoDBClient }, { createDynamoDbAccessStore }] = await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('@upload-once/access'),
    ]);
    const client = new DynamoDBClient({
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    });
    return (tableName) => createDynamoDbAccessStore({ client, tableName });
  },
  interruptSignal() {
    const interrupt = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      // Once: a second Ctrl-C ends the process at once, as if nobody listened.
      process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
    }
    return interrupt.signal;
  },
});
