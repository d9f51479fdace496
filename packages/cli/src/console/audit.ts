import type { AuditActions, AuditFinding } from '@upload-once/console';
import { uploadIdOfObject } from '@upload-once/uploads';
import { prepareRepair } from '../commands/prepare-repair.ts';
import type { Operations } from '../operations.ts';
import {
  type Audit,
  createAudit,
  type Finding,
  FindingKind,
  type RepairedFinding,
  RepairOutcome,
} from '../repair/index.ts';

/** `upload-once audit`, for the console. */
export function createAuditActions(options: {
  readonly operations: Operations;
  readonly bucket: string;
  readonly recordRetentionSeconds: number;
  /** Where a repair sends events. */
  readonly queueUrls: { readonly uploads: string; readonly accepted: string };
}): AuditActions {
  const { operations, bucket, recordRetentionSeconds, queueUrls } = options;
  const { listing } = operations;

  return {
    async run({ olderThanMinutes, repairOnly, signal, onFinding, onProgress }) {
      const startedAt = await listing.now();
      const audit: Audit = createAudit({
        ...watched(operations, signal, () => onProgress(progressOf(audit))),
        startedAt,
        olderThanSeconds: olderThanMinutes * 60,
        recordRetentionSeconds,
      });
      const given = { bucket, again: false, retryFailed: false, recordOrphans: false };
      const repair = repairOnly && (await prepareRepair({ queueUrls }, given, operations, () => {}));
      if (repair && 'hidden' in repair)
        return `${hiddenWords(repair.hidden.hidden)} hidden, because a redrive or an audit looks at them now. Nothing was repaired. Wait a few minutes, and try again`;
      let failed = 0;
      const findings = untilStopped(
        repairOnly ? only(repairOnly, audit.findings()) : audit.findings(),
        signal,
      );
      for await (const repaired of repair ? repair.run(findings) : notRepaired(findings)) {
        if (repaired.finding.kind === FindingKind.failed) failed += 1;
        onFinding(shown(repaired, repair !== undefined));
      }
      onProgress(progressOf(audit));
      return failed > 0
        ? `${failed} failed: correct the cause, then move the dead letters back in the view Queues`
        : '';
    },
  };
}

function hiddenWords(count: number): string {
  return count === 1 ? '1 dead letter is' : `${count} dead letters are`;
}

/** An audit may read for hours and find nothing: it tells its progress, and can be stopped, behind each page that it reads. */
function watched({ listing, records }: Operations, signal: AbortSignal, onPage: () => void) {
  async function* stoppable<Page>(pages: AsyncIterable<Page>): AsyncIterable<Page> {
    if (signal.aborted) return;
    for await (const page of pages) {
      yield page;
      onPage();
      if (signal.aborted) return;
    }
  }
  return {
    listing: { ...listing, pages: (prefix: string) => stoppable(listing.pages(prefix)) },
    records: { ...records, pages: () => stoppable(records.pages()) },
  };
}

/** What a repair has sent until the signal is aborted is sent. */
async function* untilStopped(findings: AsyncIterable<Finding>, signal: AbortSignal): AsyncIterable<Finding> {
  for await (const finding of findings) {
    if (signal.aborted) return;
    yield finding;
  }
}

/** Of the findings of now those that a person has seen. */
async function* only(
  seen: readonly AuditFinding[],
  findings: AsyncIterable<Finding>,
): AsyncIterable<Finding> {
  const names = new Set(seen.map(nameOf));
  for await (const finding of findings) if (names.has(nameOf(finding))) yield finding;
}

function nameOf({ kind, key, versionId }: { kind: string; key: string; versionId: string }): string {
  return JSON.stringify([kind, key, versionId]);
}

function progressOf({ counts }: Audit) {
  const { uploadedVersions, acceptedVersions, items, tooYoung, leased } = counts;
  return { versions: uploadedVersions + acceptedVersions, items, tooYoung, leased };
}

function shown({ finding, outcome, remark }: RepairedFinding, isRepair: boolean): AuditFinding {
  const { kind, key, versionId, state, since, detail } = finding;
  return {
    kind,
    uploadId: uploadIdOfObject(key) ?? key,
    key,
    versionId,
    state,
    since,
    detail,
    outcome: isRepair ? outcome : undefined,
    remark,
  };
}

async function* notRepaired(findings: AsyncIterable<Finding>): AsyncIterable<RepairedFinding> {
  for await (const finding of findings) yield { finding, outcome: RepairOutcome.left, remark: '' };
}
