import type { HandlerRun, HandlerRunner, RunEnd } from '../../src/handler-runner.ts';

/** A run whose end is in the test's hands. */
export interface ScriptedRun {
  readonly isAlone: boolean;
  /** Why its signal was aborted; undefined: it was not. */
  readonly abortedWith: unknown;
  readonly isKilled: boolean;
  isHeldUp: boolean;
  end(how: RunEnd): void;
}

/** A runner that only writes down what it is asked for. */
export function createScriptedRunner() {
  const runs: ScriptedRun[] = [];
  const looks = new Set<() => void>();
  const runner: HandlerRunner = {
    async start(_work, { isAlone, signal }) {
      signal.throwIfAborted();
      const { promise: ended, resolve } = Promise.withResolvers<RunEnd>();
      const state = {
        isAlone,
        abortedWith: undefined as unknown,
        isKilled: false,
        isHeldUp: false,
        end: resolve,
      };
      const run: HandlerRun = {
        ended,
        get isHeldUp() {
          return state.isHeldUp;
        },
        abort(reason) {
          state.abortedWith ??= reason;
        },
        kill() {
          state.isKilled = true;
        },
      };
      runs.push(state);
      for (const look of looks) look();
      return run;
    },
  };
  return {
    runner,
    runs,
    /** The so-many-th run, past or to come. */
    run: (number: number) =>
      new Promise<ScriptedRun>((resolve) => {
        const look = () => {
          const found = runs[number - 1];
          if (found) resolve(found);
        };
        looks.add(look);
        look();
      }),
  };
}
