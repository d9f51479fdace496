import {
  FINAL_STATES,
  getUpload,
  type IssuerAccess,
  IssuerUnavailable,
  type UploadStatus,
  watchUpload,
} from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';

/** @throws IssuerUnavailable also where the response is about another upload; as `getUpload` */
export async function statusOf(access: IssuerAccess, id: string): Promise<UploadStatus> {
  return assertAbout(await getUpload(access, id), id);
}

/** Shows each state that is not final when it comes. @returns the final one @throws as `statusOf` */
export async function watchToEnd(
  access: IssuerAccess,
  id: string,
  json: boolean,
  io: CliIo,
): Promise<UploadStatus> {
  for await (const status of watchUpload(access, id)) {
    assertAbout(status, id);
    if (FINAL_STATES.includes(status.state)) return status;
    io.stdout.write(`${json ? JSON.stringify(status) : printable(status.state)}\n`);
  }
  throw new Error('a watch ends with a final state');
}

function assertAbout(status: UploadStatus, id: string): UploadStatus {
  if (status.id === id) return status;
  const about = `the response is about another upload, ${JSON.stringify(status.id)}. Check the URL of the issuer`;
  throw new IssuerUnavailable(about);
}
