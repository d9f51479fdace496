import { RequestRefused } from './access-rules.ts';
import { inPlainWords } from './plain-words.ts';
import type { AuditActions, AuditFinding, AuditOrder, AuditProgress } from './ports.ts';
import type { UnderWay } from './redrives.ts';

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
  /** It was stopped: `problem` says so. */
  readonly isStopped: boolean;
  /** The repair that ran last before this; undefined: there was none. What it sent is on record nowhere else on the page. */
  readonly lastRepair: Omit<AuditState, 'lastRepair'> | undefined;
}

export interface AuditJob {
  /** Undefined: there was none yet. */
  state(): AuditState | undefined;
  /** @returns its state at its beginning @throws RequestRefused 409 while another one runs */
  start(order: Pick<AuditOrder, 'olderThanMinutes' | 'repairOnly'>): AuditState;
  stop(): void;
  /** The repair that has not ended; an audit changes nothing, and can be cut off anywhere. */
  underWay(): readonly UnderWay[];
}

/** The audit that was started last. Only one runs at a time. */
export function createAuditJob(
  actions: AuditActions,
  now: () => Date,
  onChange: (state: AuditState) => void,
): AuditJob {
  let current: AuditState | undefined;
  let ending: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  return {
    state: () => current,
    stop: () => ending?.abort(),
    underWay: () =>
      current?.isRunning && current.isRepair
        ? [{ what: 'the repair', ended: running.then(() => endWords(current)) }]
        : [],

    start({ olderThanMinutes, repairOnly }) {
      if (current?.isRunning)
        throw new RequestRefused(
          409,
          'UnderWay',
          `${current.isRepair ? 'a repair' : 'an audit'} runs, maybe for another page: stop it first, or wait for its end`,
        );
      const end = new AbortController();
      ending = end;
      const findings: AuditFinding[] = [];
      let state: AuditState = {
        id: (current?.id ?? 0) + 1,
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
        isStopped: false,
        lastRepair: repairBefore(current),
      };
      const change = (changes: Partial<AuditState>) => {
        state = { ...state, ...changes };
        current = state;
        onChange(state);
      };
      const run = async () =>
        actions.run({
          olderThanMinutes,
          ...(repairOnly && { repairOnly }),
          signal: end.signal,
          onFinding(finding) {
            if (findings.length < MOST_FINDINGS) findings.push(finding);
            change({ found: state.found + 1 });
          },
          onProgress: (progress) => change({ progress }),
        });
      current = state;
      running = run().then(
        (remark) => {
          const isStopped = end.signal.aborted;
          const problem = isStopped ? 'it was stopped before its end' : undefined;
          change({ isRunning: false, endedAt: now(), remark, problem, isStopped });
        },
        (error) => change({ isRunning: false, endedAt: now(), problem: inPlainWords(error) }),
      );
      return state;
    },
  };
}

function repairBefore(state: AuditState | undefined): AuditState['lastRepair'] {
  if (!state) return undefined;
  const { lastRepair, ...own } = state;
  return own.isRepair ? own : lastRepair;
}

function endWords(state: AuditState | undefined): string {
  const sent = state?.findings.filter(({ outcome }) => outcome === 'sent').length ?? 0;
  return `${sent} sent`;
}
