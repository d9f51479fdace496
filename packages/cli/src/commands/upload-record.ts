import { fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';
import type { FileOutcome } from './upload-report.ts';

/** What an earlier run knew of a file. */
export interface RecordedUpload {
  readonly key: string;
  /** stored: S3 or the issuer said so. begun: its form was received, and what came of it is not known. ended: it was not stored. */
  readonly state: 'begun' | 'stored' | 'ended';
}

/** Which files were stored, and as what, beyond the end of the command. It has no form, no URL and no key of the API. */
export interface UploadRecord {
  /** Undefined: nothing is known of the file as it is now. */
  find(file: string): RecordedUpload | undefined;
  /** Before anything is sent: on disk when it returns. */
  begin(file: string, key: string): void;
  end(file: string, outcome: FileOutcome): void;
}

interface Line extends RecordedUpload {
  readonly file: string;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
}

/** One JSON object a line, the last one of a file counts. @throws UsageError for what is no such file, or can't be read and written */
export function openRecord(path: string): UploadRecord {
  const lines = new Map<string, Line>();
  let fd: number;
  try {
    fd = openSync(path, 'a+', 0o600);
    for (const line of linesOf(fd, path)) lines.set(line.file, line);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`the record can't be used: ${(cause as Error).message}`, { cause });
  }

  function write(line: Line): void {
    writeSync(fd, `${JSON.stringify(line)}\n`);
    fsyncSync(fd);
    lines.set(line.file, line);
  }

  return {
    find(file) {
      const now = described(file);
      const line = lines.get(now.file);
      if (line?.sizeBytes !== now.sizeBytes || line.modifiedAt !== now.modifiedAt) return undefined;
      return { key: line.key, state: line.state };
    },

    begin: (file, key) => write({ ...described(file), key, state: 'begun' }),

    end(file, { outcome }) {
      const line = lines.get(resolve(file));
      // What is unknown stays begun: the next run asks for it.
      if (line === undefined || outcome === 'unknown') return;
      try {
        write({ ...line, state: outcome === 'stored' ? 'stored' : 'ended' });
      } catch {
        // As for what is unknown.
      }
    },
  };
}

function described(file: string) {
  const { size, mtime } = statSync(file);
  return { file: resolve(file), sizeBytes: size, modifiedAt: mtime.toISOString() };
}

function linesOf(fd: number, path: string): Line[] {
  const text = readFileSync(fd, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  // The end of a line that a crash cut off stays a line of its own, which is skipped.
  if (whole.length < text.length) writeSync(fd, '\n');
  const lines = text.split('\n').flatMap((line) => lineOf(line) ?? []);
  if (text.trim() !== '' && lines.length === 0)
    throw new UsageError(`${path} is no record of uploads: --record names a new file, or one that it made`);
  return lines;
}

function lineOf(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line;
    return typeof line.file === 'string' && typeof line.key === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}
