// The command in this process, with a clock and a wait that the test holds in its hands.
import { run } from '../src/cli.ts';
import type { CliIo } from '../src/cli-io.ts';

type Harness = Partial<CliIo> & { readonly env: CliIo['env'] };

/** What the command gets, and what can be seen of it. There is no table, no bucket and no console. */
export function commandIo(harness: Harness) {
  const seen = { stdout: '', stderr: '', slept: [] as number[] };
  const io: CliIo = {
    stdin: (async function* () {})(),
    stdout: { write: (text) => (seen.stdout += text) },
    stderr: { write: (text) => (seen.stderr += text) },
    now: () => new Date('2026-01-01T00:00:00Z'),
    randomBytes: (count) => new Uint8Array(count),
    loadAccess: async () => ({
      createStore() {
        throw new Error('no table here');
      },
      now: () => new Date(0),
    }),
    loadOperations: async () => () => {
      throw new Error('no bucket here');
    },
    loadConsoleReach: async () => {
      throw new Error('no console here');
    },
    sleep: async (seconds, signal) => {
      seen.slept.push(seconds);
      signal.throwIfAborted();
    },
    interruptSignal: () => new AbortController().signal,
    ...harness,
  };
  return { io, seen };
}

/** One call of the command, and all that can be seen of it. */
export async function runCommand(args: readonly string[], harness: Harness) {
  const { io, seen } = commandIo(harness);
  const code = await run(args, io);
  return { ...seen, code };
}
