import { describeFile, fileSha256, type UploadStatus } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import { inShell } from '../in-shell.ts';
import { STORED_STATES } from './ask-outcome.ts';

/** What to do while nothing is known of an upload: a sentence without its full stop. */
export function askAgain(command: 'status' | 'revoke', id: string): string {
  return `Do not upload the file. Run ${command} again in a minute. If it fails for 15 minutes, ask the people who run the service, with the id ${id}, and wait for their response`;
}

export const ROTATED_AT_ONCE = 'the key rotated, and its old value ended at once, with --old-hours 0';

/** Where someone else sent a file with the form of `id`, in lines. */
export function formLeakSteps(id: string): string {
  return [
    `1. If you do not know how they got the form, assume that they have the API key too. Have ${ROTATED_AT_ONCE.replace('rotated,', 'rotated now,')}.`,
    '2. Upload your file again. It gets a new form.',
    `3. Tell the people who run the service that ${id} is not your file. Find out who got your form.`,
  ].join('\n');
}

/** The file of this machine, held to what was received. */
export interface Comparison {
  readonly file: string;
  readonly sizeBytes: number;
  /** Undefined where the sizes differ. */
  readonly sha256?: string;
  /** Whether it is what was received; undefined: the sizes are equal, and the issuer does not know the SHA-256. */
  readonly isSame: boolean | undefined;
}

/**
 * Sizes, then SHA-256, which the issuer knows if the form asked for it. The eTag has no part in it: under KMS it is no digest of the bytes.
 *
 * @returns undefined where nothing was received
 * @throws FileUnusable, FileChanged, the signal's reason
 */
export async function compareFile(
  file: string,
  { state, sizeBytes: receivedBytes, sha256: received }: UploadStatus,
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  const { sizeBytes } = await describeFile(file);
  if (!STORED_STATES.includes(state) || receivedBytes === undefined) return undefined;
  if (sizeBytes !== receivedBytes) return { file, sizeBytes, isSame: false };
  const sha256 = await fileSha256(file, signal);
  return { file, sizeBytes, sha256, isSame: received === undefined ? undefined : received === sha256 };
}

/** What happened, and what the person who sent a file does next, in printable lines. */
export function statusAdvice(
  id: string,
  status: UploadStatus,
  compared: Comparison | undefined,
  sameAccess: string,
): string {
  const { state } = status;
  const shown = printable(inShell(id));
  if (STORED_STATES.includes(state))
    return `${receivedWords(status, id)}\n${
      compared === undefined
        ? `Do not upload your file again before you know whether the received file is yours. To compare them${sameAccess}:\n  upload-once status ${shown} --file FILE`
        : comparisonWords(compared, printable(id))
    }\n`;
  if (state === 'REVOKED')
    return `REVOKED: no file that was sent with this form counts.\n1. If you sent one, upload it again. It gets a new form.\n2. If you did not revoke it, ask the people who run the service who did. If that is unknown, have ${ROTATED_AT_ONCE}.\n`;
  if (state !== 'ISSUED')
    return `${printable(`${state}: there is no such state. Nothing is known of ${id}. ${askAgain('status', id)}`)}.\n`;
  return [
    'ISSUED: the issuer has not received a file. S3 may still have stored one: its event can be late or lost.',
    'If no file was sent, or one is being sent now, do nothing.',
    'If you sent a file, keep it, and do not upload it again yet:',
    `1. Run revoke${sameAccess}. You need not wait:`,
    `     upload-once revoke ${shown}`,
    '2. See what revoke says:',
    '   - It succeeds: the first try never counts. Upload your file again. It gets a new form.',
    '   - AlreadyClaimed: the issuer has received a file meanwhile. Nothing was changed. Run status again.',
    `   - It fails for another reason: ${askAgain('revoke', printable(id))}.\n`,
  ].join('\n');
}

function receivedWords({ state, sizeBytes }: UploadStatus, id: string): string {
  const what = sizeBytes === undefined ? 'a file' : `a file of ${sizeBytes} bytes`;
  if (state === 'PROCESSED') return `PROCESSED: ${what} was received with this form, and processed.`;
  if (state !== 'FAILED')
    return `${state}: ${what} was received with this form. The service continues by itself.`;
  return `FAILED: ${what} was received with this form, and the handler that processes it failed. Tell the people who run the service, with the id ${printable(id)}. They can process the received file again.`;
}

const ELSE = 'Someone else used your form:';

function comparisonWords({ file, sizeBytes, sha256, isSame }: Comparison, id: string): string {
  const name = printable(file);
  if (isSame === true)
    return `It is your file: ${name} has the same size and SHA-256. Do not upload it again.`;
  if (isSame === undefined)
    return [
      `${name} has the same size. The issuer does not know the SHA-256 of the received file, so it is not proven that the content is the same. Do not upload ${name} again.`,
      'If the command upload made the form, or only you had it, it is your file. This does not hold if you sent it once and S3 responded 412.',
      `If someone else may have had the form, ask the people who run the service whether the file of ${id} has this SHA-256:`,
      `  ${sha256}`,
      `If it has another SHA-256, it is not your file, and ${name} does not count. ${ELSE}`,
      formLeakSteps(id),
    ].join('\n');
  const why = sha256 === undefined ? `has ${sizeBytes} bytes` : 'has another SHA-256';
  return [
    `${name} ${why}. If it has not changed since you sent it, the received file is not yours, and ${name} does not count. ${ELSE}`,
    formLeakSteps(id),
    `If ${name} has changed since then, compare a copy from the time that you sent it. If you have none, ask the people who run the service, with the id ${id}, before you upload it.`,
  ].join('\n');
}
