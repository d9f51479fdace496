import { uploadIdIn } from '@upload-once/text/upload-id';
import { UploadNotSent, UploadOutcomeUnknown } from './errors.ts';
import { randomHex } from './random-hex.ts';
import { shownReason } from './shown-reason.ts';
import { parseForm, type UploadForm } from './upload-form.ts';
import { assertFits } from './wrap-file.ts';

// For `@uppy/aws-s3` from 6.3 on, which takes the fields of a form. Nothing here imports Uppy: its types are matched, not used.

/** What the adapter needs of a file of Uppy, and what of it says for which file a form is. */
export interface UppyFile {
  readonly name: string;
  readonly type: string;
  readonly size: number | null;
  readonly meta: Readonly<Record<string, unknown>>;
  /** A Blob, such as a File that someone has chosen. */
  readonly data?: unknown;
}

export interface UppyAwsS3Source {
  /** Asks your own server for a form for one file, and gives what `parseForm` takes. It is called when the file's turn has come. */
  readonly getForm: (file: UppyFile) => Promise<unknown>;
  /**
   * Has your own server revoke an upload by its id, and fails where an upload has come (`revokeUpload`). It is called before a second form
   * for the same file. Without it, a file whose form expired during a try is not sent again.
   */
  readonly revoke?: ((id: string) => Promise<unknown>) | undefined;
}

/** The options of `@uppy/aws-s3`. */
export interface UppyAwsS3Options {
  readonly shouldUseMultipart: false;
  readonly generateObjectKey: (file: UppyFile) => string;
  readonly signRequest: (request: {
    readonly key: string;
  }) => Promise<{ url: string; fields: Record<string, string> }>;
}

/** A file, from its first try on. */
interface Sending {
  readonly key: string;
  /** As it was when the last try began. */
  file: UppyFile;
  form?: UploadForm | undefined;
  /** By this clock. */
  expiresAt: number;
  asking?: Promise<UploadForm> | undefined;
}

/**
 * Lets Uppy upload with forms: `new Uppy().use(AwsS3, uppyAwsS3Options({ getForm }))`.
 *
 * A file keeps its form. Uppy sends a file again by itself, up to three times, when a connection breaks or S3 responds 5xx or 429, and
 * again when someone presses its button; all of that is sent with one form, so that one upload counts however much of it S3 stores. Only
 * when that form has expired, there is a second one, after `revoke`. A file that is removed from Uppy and chosen anew is another file.
 *
 * What it throws, Uppy shows as the error of the file, and nothing was sent: UploadNotSent where there is no form that fits the file,
 * UploadOutcomeUnknown where the form expired and there is no `revoke`, and whatever `getForm` and `revoke` throw.
 */
export function uppyAwsS3Options(source: UppyAwsS3Source): UppyAwsS3Options {
  const sendings = new WeakMap<object, Sending>();
  // Uppy asks by key, without the file. A file that is gone from the page leaves an empty reference.
  const byKey = new Map<string, WeakRef<Sending>>();
  return {
    shouldUseMultipart: false,
    generateObjectKey(file) {
      const data = file.data as object;
      const sending: Sending = sendings.get(data) ?? { key: randomHex(16), file, expiresAt: 0 };
      sending.file = file;
      sendings.set(data, sending);
      byKey.set(sending.key, new WeakRef(sending));
      return sending.key;
    },
    async signRequest({ key }) {
      const sending = byKey.get(key)?.deref();
      if (sending === undefined)
        throw new UploadNotSent('Uppy asked for a form without its file; nothing was sent');
      sending.asking ??= formFor(sending, source).finally(() => {
        sending.asking = undefined;
      });
      const { url, fields } = await sending.asking;
      return { url, fields: { ...fields } };
    },
  };
}

async function formFor(sending: Sending, { getForm, revoke }: UppyAwsS3Source): Promise<UploadForm> {
  const { file, form } = sending;
  if (form !== undefined) {
    if (Date.now() < sending.expiresAt) return form;
    if (revoke === undefined)
      throw new UploadOutcomeUnknown(
        `the form for ${file.name} has expired. An earlier try may have stored the file as ${form.key}: ask for its status before you send the file again`,
        { key: form.key, totalBytes: Number(file.size) },
      );
    await revoke(uploadIdIn(form.key));
    sending.form = undefined;
  }
  const askedAt = Date.now();
  const given = readForm(await getForm(file), file);
  sending.expiresAt = askedAt + lifetimeMs(given, askedAt);
  sending.form = given;
  return given;
}

/** @throws UploadNotSent */
function readForm(given: unknown, file: UppyFile): UploadForm {
  let form: ReturnType<typeof parseForm>;
  try {
    form = parseForm(given);
  } catch (cause) {
    throw new UploadNotSent(`getForm gave no form (${shownReason(cause)}); nothing was sent`, { cause });
  }
  // Uppy sends again by itself. S3 would refuse that with 412, and Uppy would show a stored file as one that failed.
  if (!('fields' in form))
    throw new UploadNotSent('getForm gave a presigned PUT; Uppy needs a form. Nothing was sent');
  assertFits(form, { name: file.name, sizeBytes: Number(file.size) });
  return form;
}

/** From the form's own times where it has both: the clock of a visitor can be hours off. */
function lifetimeMs(form: UploadForm, now: number): number {
  const date = form.fields['X-Amz-Date'] ?? form.fields['x-amz-date'] ?? '';
  const signedAt = Date.parse(
    date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  return form.expiresAt.getTime() - (Number.isNaN(signedAt) ? now : signedAt);
}
