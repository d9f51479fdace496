import type { AuditActions, AuditFinding } from '@upload-once/console';
import { ACCEPTED_PREFIX, UPLOADS_PREFIX } from '@upload-once/uploads';
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
    async run({ olderThanMinutes, isRepair, signal, onFinding, onProgress }) {
      const startedAt = await listing.now();
      const audit = createAudit({
        ...operations,
        startedAt,
        olderThanSeconds: olderThanMinutes * 60,
        recordRetentionSeconds,
      });
      const given = { bucket, again: false, retryFailed: false, recordOrphans: false };
      const repair = isRepair && (await prepareRepair({ queueUrls }, given, operations, () => {}));
      if (repair && 'hidden' in repair)
        return `${repair.hidden.hidden} dead letters are hidden, because a redrive or an audit looks at them now. Nothing was repaired. Wait a few minutes, and try again`;
      let failed = 0;
      const findings = stoppable(audit, signal, onProgress);
      for await (const repaired of repair ? repair.run(findings) : notRepaired(findings)) {
        if (repaired.finding.kind === FindingKind.failed) failed += 1;
        onFinding(shown(repaired, isRepair));
      }
      onProgress(progressOf(audit));
      return failed > 0
        ? `${failed} failed: correct the cause, then move the dead letters back in the view Queues`
        : '';
    },
  };
}

/** Ends when the signal is aborted: what a repair has sent until then is sent. */
async function* stoppable(
  audit: Audit,
  signal: AbortSignal,
  onProgress: (progress: ReturnType<typeof progressOf>) => void,
): AsyncIterable<Finding> {
  for await (const finding of audit.findings()) {
    if (signal.aborted) return;
    onProgress(progressOf(audit));
    yield finding;
  }
}

function progressOf({ counts }: Audit) {
  const { uploadedVersions, acceptedVersions, items, tooYoung, leased } = counts;
  return { versions: uploadedVersions + acceptedVersions, items, tooYoung, leased };
}

function shown({ finding, outcome, remark }: RepairedFinding, isRepair: boolean): AuditFinding {
  const { kind, key, versionId, state, since, detail } = finding;
  const prefix = key.startsWith(ACCEPTED_PREFIX) ? ACCEPTED_PREFIX : UPLOADS_PREFIX;
  const uploadId = key.slice(prefix.length);
  return {
    kind,
    uploadId,
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
