import { setTimeout as delay } from 'node:timers/promises';
import {
  IssuerUnavailable,
  requestUpload,
  type UploadForm,
  UploadIncomplete,
  UploadNotSent,
  UploadOutcomeUnknown,
  UploadRefused,
  uploadFile,
} from '@upload-once/client';
import { type GeneratedContent, makeContent } from './content.ts';
import { type Entry, type Ledger, type Post, PostOutcome } from './ledger.ts';
import type { UploadPlan } from './plan.ts';

/** A response that never comes must not hold a sender for the five minutes of the client’s default timeout. */
const TIMEOUTS = { connectSeconds: 10, idleSeconds: 30, responseSeconds: 30 };
/** After the issuer gave no form; it asks for two seconds, and a sender that keeps still sends nothing. */
const PAUSE_AFTER_REFUSAL_MS = 200;

/** Refusals that come when S3 is busy. Any other would say that something is wrong with form or client. */
const BUSY_CODES = ['SlowDown', 'ServiceUnavailable', 'InternalError'];

export interface Uploading {
  /** How many forms were asked for in vain. */
  readonly formsRefused: number;
  /** What no fault explains: a refusal that is none of a busy S3's, an issuer that neither gives a form nor says when to come back. */
  readonly findings: readonly string[];
  /** One request; undefined: the issuer gave no form, and said when to ask again. */
  askForForm(): Promise<UploadForm | undefined>;
  /** Sends what a plan says with this form, or with one that it asks for; gives its entry when it is over, none without a form. */
  upload(plan: UploadPlan, form?: UploadForm): Promise<Entry | undefined>;
}

/** The client's side, with the product's own client library: what it sends, and how it saw that end, goes into the ledger. */
export function createUploading(options: {
  readonly issuerUrl: string;
  readonly apiKey: string;
  readonly seed: number;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
}): Uploading {
  const { issuerUrl, apiKey, seed, ledger, nowMs } = options;
  const findings: string[] = [];
  let formsRefused = 0;

  async function askForForm(): Promise<UploadForm | undefined> {
    try {
      return await requestUpload({ issuerUrl, apiKey, retries: { maxSeconds: 0 } });
    } catch (error) {
      if (!(error instanceof IssuerUnavailable)) throw error;
      formsRefused += 1;
      const isPlain = error.status === 503 && (error.retryAfterSeconds ?? 0) > 0;
      if (!isPlain)
        findings.push(`P3: the issuer gave neither a form nor 503 with Retry-After: ${error.message}`);
      await delay(PAUSE_AFTER_REFUSAL_MS);
      return undefined;
    }
  }

  async function post(form: UploadForm, { read, ...content }: GeneratedContent): Promise<Post> {
    const beganAtMs = nowMs();
    const how = await send(form, { stream: read(), name: 'file', sizeBytes: content.sizeBytes });
    return { ...content, beganAtMs, endedAtMs: nowMs(), ...how };
  }

  async function send(
    form: UploadForm,
    file: { stream: AsyncIterable<Uint8Array>; name: string; sizeBytes: number },
  ): Promise<Pick<Post, 'outcome' | 'versionId'>> {
    try {
      const { versionId } = await uploadFile({ form, file, timeouts: TIMEOUTS });
      return { outcome: PostOutcome.stored, versionId };
    } catch (error) {
      if (error instanceof UploadOutcomeUnknown) return { outcome: PostOutcome.unknown };
      if (error instanceof UploadNotSent || error instanceof UploadIncomplete)
        return { outcome: PostOutcome.notSent };
      if (!(error instanceof UploadRefused)) throw error;
      if (!BUSY_CODES.includes(error.s3Code ?? '')) {
        findings.push(`P6: ${form.key}: S3 refused what the form allows: ${error.status} ${error.message}`);
      }
      return { outcome: PostOutcome.refused };
    }
  }

  return {
    get formsRefused() {
      return formsRefused;
    },
    findings,
    askForForm,
    async upload({ number, sizesBytes, isOverlapping }, givenForm) {
      const contents: GeneratedContent[] = [];
      for (const [at, sizeBytes] of sizesBytes.entries()) {
        contents.push(await makeContent(`${seed}/${number}/${at}`, sizeBytes));
      }
      const form = givenForm ?? (await askForForm());
      if (!form) return undefined;
      const entry = ledger.begin(form.key);
      if (isOverlapping) {
        entry.posts.push(...(await Promise.all(contents.map((content) => post(form, content)))));
      } else {
        for (const content of contents) entry.posts.push(await post(form, content));
      }
      return entry;
    },
  };
}
