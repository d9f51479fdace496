import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { S3Error } from '../s3-error.ts';

/**
 * All that stands before the bytes of the file, boundaries and the parts' headers included (Amazon S3 API Reference, "Creating
 * an HTML Form": 20 KB without the file).
 */
const BEFORE_FILE_MAX_BYTES = 20_480;

/** A form up to the beginning of its file. */
export interface PostForm {
  /** What stood before `file`; names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** The part after the last slash or backslash of what the client sent; empty when it sent none. */
  readonly fileName: string;
  /**
   * Fails when the request ends before the file does. The caller reads it to its end, or calls `resume()` so that
   * a client that is still sending can read the response. A destroyed stream would block the connection.
   */
  readonly file: Readable;
  /** Resolves when the whole request has been read; rejects when it was cut or malformed, also after the file. */
  readonly complete: Promise<void>;
}

/**
 * Reads a multipart/form-data request up to its `file`; what follows the file is read and ignored.
 * @throws S3Error PreconditionFailed (412) for another enclosure type, MalformedPOSTRequest (400), IncompleteBody
 *   (400), MaxPostPreDataLengthExceeded (400), InvalidArgument (400) for a repeated field or without a file
 */
export function readPostForm(request: IncomingMessage): Promise<PostForm> {
  const parser = openParser(request);
  const [, boundary = ''] = /boundary="?([^";]+)/i.exec(request.headers['content-type'] ?? '') ?? [];
  const fields = new Map<string, string>();
  let beginning = Buffer.alloc(0);

  return new Promise((resolve, reject) => {
    let file: Readable | undefined;
    let refused = false;
    const refuse = (refusal: S3Error) => {
      refused = true;
      reject(refusal);
    };
    // Before the parser is given the same bytes: when it comes upon the file, what stands before it is here.
    request.on('data', (bytes: Buffer) => {
      if (file !== undefined || refused) return;
      if (beginning.length > BEFORE_FILE_MAX_BYTES) return refuse(fieldsTooLong());
      beginning = Buffer.concat([beginning, bytes]);
    });
    const complete = readToEnd(request, parser, (failure) => file?.destroy(failure));
    complete.then(() => reject(withoutFile()), reject);

    parser.on('field', (name: string | undefined, value: string, _nameCut: boolean, valueCut: boolean) => {
      if (file !== undefined || refused) return;
      if (name === undefined) return refuse(malformed());
      if (valueCut) return refuse(fieldsTooLong());
      const known = name.toLowerCase();
      // If one of two values were checked, the other might be used. So neither is.
      if (fields.has(known)) return refuse(repeated(known, value));
      fields.set(known, value);
    });

    parser.on('file', (_name: string, body: Readable, fileName: string | undefined) => {
      // The failure reaches the caller through `complete` and its own reading; unheard it would end the process, also of a form
      // that has been refused already.
      body.on('error', () => {});
      if (!refused && bytesBeforeFile(beginning, boundary) > BEFORE_FILE_MAX_BYTES) refuse(fieldsTooLong());
      beginning = Buffer.alloc(0);
      if (refused) {
        body.resume();
        return;
      }
      file = body;
      resolve({ fields, fileName: fileName ?? '', file: body, complete });
    });
  });
}

/** Ends well when both the form and the request did: a form may be followed by bytes that mean nothing. */
function readToEnd(
  request: IncomingMessage,
  parser: BusboyInstance,
  onFailure: (failure: S3Error) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let parsed = false;
    let ended = false;
    const fail = (failure: S3Error) => {
      onFailure(failure);
      reject(failure);
      request.resume();
    };
    const settle = () => {
      if (parsed && ended) resolve();
    };
    parser.once('finish', () => {
      parsed = true;
      // In this order: where a form ends in the middle of a chunk, the pipe comes undone after this, and would pause the request for good.
      request.unpipe(parser);
      request.resume();
      settle();
    });
    request.once('end', () => {
      ended = true;
      settle();
    });
    parser.on('error', () => fail(malformed()));
    // 'close' follows and says the same.
    request.on('error', () => {});
    request.once('close', () => {
      if (!ended) fail(incomplete());
    });
    request.pipe(parser);
  });
}

/** @param beginning of a form, at least to the end of its file's headers */
function bytesBeforeFile(beginning: Buffer, boundary: string): number {
  const text = beginning.toString('latin1');
  let at = text.indexOf(`--${boundary}`);
  while (at !== -1) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end !== -1 && /;\s*name="?file"?\s*(;|$)/im.test(text.slice(at, end))) return end + 4;
    at = text.indexOf(`\r\n--${boundary}`, at + 1);
  }
  return text.length;
}

function openParser(request: IncomingMessage): BusboyInstance {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new S3Error(
      'PreconditionFailed',
      412,
      'At least one of the pre-conditions you specified did not hold',
      {
        Condition: 'Bucket POST must be of the enclosure-type multipart/form-data',
      },
    );
  }
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      limits: { fieldSize: BEFORE_FILE_MAX_BYTES, files: 1, headerSize: BEFORE_FILE_MAX_BYTES },
    });
  } catch {
    throw malformed();
  }
}

function malformed(): S3Error {
  return new S3Error(
    'MalformedPOSTRequest',
    400,
    'The body of your POST request is not well-formed multipart/form-data.',
  );
}

function incomplete(): S3Error {
  return new S3Error(
    'IncompleteBody',
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}

function fieldsTooLong(): S3Error {
  return new S3Error(
    'MaxPostPreDataLengthExceeded',
    400,
    'Your POST request fields preceding the upload file were too large.',
    { MaxPostPreDataLengthExceeded: String(BEFORE_FILE_MAX_BYTES) },
  );
}

function repeated(name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', 400, `POST requires at most one field named '${name}'.`, {
    ArgumentName: name,
    ArgumentValue: value,
  });
}

function withoutFile(): S3Error {
  return new S3Error('InvalidArgument', 400, 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
    ArgumentValue: '0',
  });
}
