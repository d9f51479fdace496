import type { NewUploadOptions } from '@upload-once/client';
import { UsageError } from '../usage-error.ts';

/** What the upload must match, as `parseArgs` of Node describes it. */
export const WANTED_OPTIONS = {
  method: { type: 'string' },
  'content-type': { type: 'string' },
  name: { type: 'string' },
  metadata: { type: 'string', multiple: true },
  expires: { type: 'string' },
} as const;

/** What `POST /v1/uploads` is asked for, whatever the file is. */
export interface WantedTerms
  extends Pick<NewUploadOptions, 'name' | 'method' | 'contentType' | 'metadata' | 'expiresInSeconds'> {
  /** By the file's name; `contentType` is undefined then. */
  readonly isTypeGuessed: boolean;
}

export interface WantedUpload extends WantedTerms {
  readonly sha256: boolean;
  /** Otherwise the form is for files of several names and types, and says nothing of them. */
  readonly isForOneFile: boolean;
}

export interface WantedValues {
  readonly method?: string | undefined;
  readonly 'content-type'?: string | undefined;
  readonly name?: string | undefined;
  readonly metadata?: string[] | undefined;
  readonly expires?: string | undefined;
}

/** The options of `WANTED_OPTIONS` among others. */
export function wantedValues(values: WantedValues): WantedValues {
  const { method, name, metadata, expires } = values;
  return { method, 'content-type': values['content-type'], name, metadata, expires };
}

/** @throws UsageError */
export function termsOf(values: WantedValues): WantedTerms {
  const contentType = values['content-type'];
  return {
    method: methodOf(values.method),
    name: values.name,
    contentType: contentType === 'guess' || contentType === 'none' ? undefined : contentType,
    isTypeGuessed: contentType === undefined || contentType === 'guess',
    metadata: metadataOf(values.metadata),
    expiresInSeconds: expiresOf(values.expires),
  };
}

function methodOf(text: string | undefined): 'post' | 'put' | undefined {
  if (text === undefined || text === 'post' || text === 'put') return text;
  throw new UsageError(`--method takes post or put, not ${JSON.stringify(text)}`);
}

export function metadataOf(pairs: readonly string[] | undefined): Record<string, string> | undefined {
  if (pairs === undefined) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--metadata takes NAME=VALUE, not ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export function expiresOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UsageError(`--expires takes a whole number of seconds from 1 up, not ${JSON.stringify(text)}`);
  }
  return Number(text);
}
