import { IssuerUnavailable, RequestRefused, revokeUpload } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import { uploadIdIn } from '@upload-once/text/upload-id';
import { askOutcome } from './ask-outcome.ts';
import type { FormRequest } from './form-request.ts';
import type { UploadRecord } from './upload-record.ts';
import type { FileOutcome } from './upload-report.ts';

export interface ResumeOne extends FormRequest {
  readonly record: UploadRecord;
}

/**
 * What became of a file that an earlier run began with. If the issuer has received nothing of an upload, it is revoked, so that it can't
 * count beside the one that follows.
 *
 * @returns undefined: the file is to be sent, because nothing that was sent of it counts
 */
export async function resumeOne(request: ResumeOne): Promise<FileOutcome | undefined> {
  const { file, sizeBytes, record } = request;
  const recorded = record.find(file);
  if (recorded === undefined || recorded.state === 'ended') return undefined;
  const { key } = recorded;
  if (recorded.state === 'stored') return { outcome: 'stored', file, result: { key, sizeBytes } };
  try {
    const outcome = await askOrRevoke(request, key);
    if (outcome) record.end(file, outcome);
    return outcome;
  } catch (error) {
    if (request.signal.aborted || !isOfIssuer(error)) throw error;
    const found = 'What an earlier run sent of it may have been stored. Run the same command again later.';
    return { outcome: 'unknown', file, key, error, found };
  }
}

async function askOrRevoke(request: ResumeOne, key: string): Promise<FileOutcome | undefined> {
  const { file, sizeBytes, options, proxies, signal, io } = request;
  const { issuer, issuerTimeoutSeconds: timeoutSeconds } = options;
  if (issuer === undefined) throw new Error('a record is of forms that were asked for');
  const { issuerUrl, apiKey } = issuer;
  const sleep = (seconds: number) => io.sleep(seconds, signal);
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch: proxies.fetch, retries: { sleep } };
  for (let asked = 1; ; asked += 1) {
    const known = await askOutcome(access, { key, totalBytes: sizeBytes }, sleep);
    switch (known.known) {
      case 'stored':
        return { outcome: 'stored', file, result: { key, sizeBytes } };
      case 'revoked':
        return undefined;
      case 'other':
        return {
          outcome: 'refused',
          file,
          key,
          error: new Error(
            `a file of ${known.sizeBytes} bytes was received as ${key}, and this one has ${sizeBytes}`,
          ),
          found: `If ${printable(file)} has not changed, someone else used its form. Run the same command again to send it with a new form, and tell the people who run the service.`,
        };
      case 'nothing':
        if (asked > 1)
          throw new IssuerUnavailable(`The issuer’s state of this upload is not known: ${known.why}`);
        await revoke();
    }
  }

  /** Only the state shows what came of it: a file may have been received meanwhile, and any service can have sent a 204. */
  async function revoke(): Promise<void> {
    try {
      await revokeUpload(access, uploadIdIn(key));
    } catch (error) {
      if (!(error instanceof RequestRefused && error.issuerCode === 'AlreadyClaimed')) throw error;
    }
  }
}

function isOfIssuer(error: unknown): error is RequestRefused | IssuerUnavailable {
  return error instanceof RequestRefused || error instanceof IssuerUnavailable;
}
