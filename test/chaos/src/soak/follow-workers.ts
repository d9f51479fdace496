import { UPLOADS_PREFIX } from '@upload-once/uploads';
import type { OutputLine, ServiceUnderFaults } from '../service-under-faults.ts';
import type { Ledger } from './ledger.ts';

/**
 * From now on each run of the handler that a processor reports is recorded in the ledger.
 * @returns why each message was given up, by its id, as far as a service says so
 */
export function followWorkers(
  workers: readonly ServiceUnderFaults[],
  ledger: Ledger,
): ReadonlyMap<string, string> {
  const deadLetterReasons = new Map<string, string>();
  for (const worker of workers) worker.onLine((line) => noteLine(line, ledger, deadLetterReasons));
  return deadLetterReasons;
}

function noteLine(line: OutputLine, ledger: Ledger, deadLetterReasons: Map<string, string>): void {
  if (line.msg === 'soak: handled') {
    const { uploadId, attempt, sizeBytes, sha256 } = line as OutputLine & {
      readonly uploadId: string;
      readonly attempt: number;
      readonly sizeBytes: number;
      readonly sha256: string;
    };
    ledger.entries.get(`${UPLOADS_PREFIX}${uploadId}`)?.runs.push({ attempt, sizeBytes, sha256 });
  }
  if (line.msg === 'message is left to the dead-letter queue') {
    const { messageId, err } = line as OutputLine & {
      readonly messageId: string;
      readonly err?: { readonly type?: string; readonly message?: string };
    };
    deadLetterReasons.set(messageId, `${err?.type}: ${err?.message}`);
  }
}
