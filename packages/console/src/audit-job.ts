import { inPlainWords } from './plain-words.ts';
import type { AuditActions, AuditFinding, AuditOrder, AuditProgress } from './ports.ts';

/** More are counted, and not shown: the command lists them all. */
const MOST_FINDINGS = 1_000;

export interface AuditState {
  readonly id: number;
  readonly isRunning: boolean;
  readonly isRepair: boolean;
  readonly olderThanMinutes: number;
  readonly startedAt: Date;
  /** Undefined: it runs. */
  readonly endedAt: Date | undefined;
  readonly progress: AuditProgress;
  readonly findings: readonly AuditFinding[];
  /** With those that are not shown. */
  readonly found: number;
  readonly remark: string;
  /** Why it did not come to its end. */
  readonly problem: string | undefined;
}

export interface AuditJob {
  /** Undefined: there was none yet. */
  state(): AuditState | undefined;
  /** Ends the audit that runs, and begins another when that one has ended. @returns its state at its beginning */
  start(order: Pick<AuditOrder, 'olderThanMinutes' | 'repairOnly'>): AuditState;
  stop(): void;
}

/** The audit that was started last. Only one runs at a time. */
export function createAuditJob(
  actions: AuditActions,
  now: () => Date,
  onChange: (state: AuditState) => void,
): AuditJob {
  let current: AuditState | undefined;
  let ending: AbortController | undefined;
  let lastId = 0;
  let before: Promise<unknown> = Promise.resolve();

  function stop(): void {
    ending?.abort();
  }

  return {
    state: () => current,
    stop,

    start({ olderThanMinutes, repairOnly }) {
      stop();
      const end = new AbortController();
      ending = end;
      lastId += 1;
      const id = lastId;
      const findings: AuditFinding[] = [];
      let state: AuditState = {
        id,
        isRunning: true,
        isRepair: repairOnly !== undefined,
        olderThanMinutes,
        startedAt: now(),
        endedAt: undefined,
        progress: { versions: 0, items: 0, tooYoung: 0, leased: 0 },
        findings,
        found: 0,
        remark: '',
        problem: undefined,
      };
      const change = (changes: Partial<AuditState>) => {
        state = { ...state, ...changes };
        if (id !== lastId) return;
        current = state;
        onChange(state);
      };
      const run = async () => {
        // Stopped before it began, it reads nothing.
        if (end.signal.aborted) return '';
        return actions.run({
          olderThanMinutes,
          ...(repairOnly && { repairOnly }),
          signal: end.signal,
          onFinding(finding) {
            if (findings.length < MOST_FINDINGS) findings.push(finding);
            change({ found: state.found + 1 });
          },
          onProgress: (progress) => change({ progress }),
        });
      };
      current = state;
      before = before.then(run).then(
        (remark) => {
          const problem = end.signal.aborted ? 'it was stopped before its end' : undefined;
          change({ isRunning: false, endedAt: now(), remark, problem });
        },
        (error) => change({ isRunning: false, endedAt: now(), problem: inPlainWords(error) }),
      );
      return state;
    },
  };
}
