import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseForm, type UploadForm, type UploadPut } from '@upload-once/client';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';

/** A form in a file, or on standard input. @throws UsageError */
export async function readFormFile(file: string, stdin: CliIo['stdin']): Promise<UploadForm | UploadPut> {
  const where = file === '-' ? 'standard input' : file;
  let json: string;
  try {
    json = file === '-' ? await text(stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`the form can't be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return parseForm(JSON.parse(json));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is no JSON' : (cause as Error).message;
    throw new UsageError(`${where} has no form, as "upload-once form" prints it: ${why}`, { cause });
  }
}
