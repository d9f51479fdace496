import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FileChanged, FileUnusable } from './errors.ts';

/** Large, because each read and each write of one costs the same however long it is. */
const READ_CHUNK_BYTES = 1024 * 1024;
/** One is being written, or held until the end of the file is known; the other is being read. A third would leave the processor's cache. */
const READ_BUFFERS = 2;

/**
 * What to upload: a path, or bytes from elsewhere whose number is known beforehand, because S3 wants a Content-Length. A page uploads a Blob,
 * such as a File that someone has chosen.
 */
export type FileToUpload =
  | string
  | { readonly stream: AsyncIterable<Uint8Array>; readonly name: string; readonly sizeBytes: number }
  | { readonly blob: Blob; readonly name: string };

/** A file that can be read, as it was when it was looked at. */
export interface FileDescription {
  /** The path's last part; it goes to S3 as the form's file name. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Bytes to be read once. */
export interface UploadSource extends FileDescription {
  /**
   * Exactly `sizeBytes` bytes, then the end. The last chunk comes when there was nothing wrong up to the end. A chunk of a file is
   * good until the next one is asked for.
   * @throws FileChanged there were more or fewer, or the file was written to; before the last chunk
   * @throws FileUnusable reading failed
   */
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Lets go of the file; a read under way ends with an error. */
  close(): Promise<void>;
}

/**
 * Looks whether a file can be uploaded, so that no form is asked for in vain.
 *
 * @throws FileUnusable it is missing, no regular file, or must not be read; the message says which
 */
export async function describeFile(path: string): Promise<FileDescription> {
  const source = await openPath(path);
  await source.close();
  return { name: source.name, sizeBytes: source.sizeBytes };
}

/** @throws FileUnusable */
export async function openSource(file: FileToUpload): Promise<UploadSource> {
  if (typeof file === 'string') return openPath(file);
  if ('blob' in file) return sourceOf(file.name, file.blob.size, file.blob.stream());
  if (!Number.isSafeInteger(file.sizeBytes) || file.sizeBytes < 0) {
    throw new FileUnusable(`${file.name}: sizeBytes is a whole number from 0 up, not ${file.sizeBytes}`);
  }
  return sourceOf(file.name, file.sizeBytes, file.stream);
}

async function openPath(path: string): Promise<UploadSource> {
  let handle: FileHandle;
  try {
    // Checked before opening: to open a named pipe would wait for a writer.
    const found = await stat(path);
    if (found.isDirectory()) throw new FileUnusable(`${path} is a directory; name the files in it`);
    if (!found.isFile())
      throw new FileUnusable(`${path} is no regular file, so its size is not known beforehand`);
    handle = await open(path, 'r');
  } catch (error) {
    throw error instanceof FileUnusable ? error : unusable(path, error);
  }
  const before = await handle.stat();
  const source = sourceOf(path, before.size, chunksOf(handle, before.size), async () => {
    const after = await handle.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changed(path);
  });
  return { ...source, name: basename(path), close: () => handle.close() };
}

/** Reads ahead into buffers that are used again: twice as fast as a stream, which makes a new one for each chunk. */
async function* chunksOf(handle: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  // A byte more than the file has, so that one which has grown is seen to have.
  const bufferBytes = Math.min(READ_CHUNK_BYTES, sizeBytes + 1);
  const buffers = Array.from({ length: READ_BUFFERS }, () => Buffer.allocUnsafeSlow(bufferBytes));
  let at = 0;
  const readNext = () => {
    const reading = handle.read(buffers[at++ % READ_BUFFERS] as Buffer, 0, bufferBytes);
    // It may not be waited for any more when it fails.
    reading.catch(() => {});
    return reading;
  };
  for (let reading = readNext(); ; ) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return;
    reading = readNext();
    yield buffer.subarray(0, bytesRead);
  }
}

function sourceOf(
  name: string,
  sizeBytes: number,
  bytes: AsyncIterable<Uint8Array>,
  assertUnchanged?: () => Promise<void>,
): UploadSource {
  return {
    name,
    sizeBytes,
    async *read() {
      let readBytes = 0;
      let last: Uint8Array | undefined;
      try {
        for await (const chunk of bytes) {
          readBytes += chunk.length;
          if (readBytes > sizeBytes) throw changed(name, `more than the ${sizeBytes} bytes that it had`);
          if (readBytes < sizeBytes) yield chunk;
          else if (chunk.length > 0) last = chunk;
        }
        if (readBytes < sizeBytes)
          throw changed(name, `${readBytes} bytes came, not the ${sizeBytes} that it had`);
        await assertUnchanged?.();
        if (last) yield last;
      } catch (error) {
        throw error instanceof FileChanged ? error : unusable(name, error);
      }
    },
    async close() {
      if ('destroy' in bytes && typeof bytes.destroy === 'function') bytes.destroy();
    },
  };
}

function changed(name: string, how?: string): FileChanged {
  return new FileChanged(
    `${name} was written to while it was being read${how ? ` (${how})` : ''}: the upload was stopped before its end. Nothing was stored: upload it again when nothing writes to it`,
  );
}

function unusable(name: string, cause: unknown): FileUnusable {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new FileUnusable(`${name} does not exist`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new FileUnusable(`${name} must not be read: permission denied`, { cause });
    default:
      return new FileUnusable(`${name} can't be read: ${message}`, { cause });
  }
}
