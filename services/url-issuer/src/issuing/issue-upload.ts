import { makeUploadKey, UploadAlreadyIssued, type UploadStore } from '@upload-once/uploads';
import { serviceUnavailable } from './http-error.ts';
import type { Form, SignForm } from './sign-form.ts';

export interface UploadIssuerOptions {
  readonly uploadStore: UploadStore;
  readonly signForm: SignForm;
  /** What every key begins with, behind `uploads/`. */
  readonly namePart: string;
  readonly maxBytes: number;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Who asks, and as part of what. */
export interface UploadRequest {
  readonly apiKeyId: string;
  readonly traceparent: string;
}

export interface IssuedUpload {
  readonly key: string;
  readonly form: Form;
}

/** @throws HttpError 503 when the upload cannot be recorded or its form not be signed: then no form leaves the service */
export type IssueUpload = (request: UploadRequest) => Promise<IssuedUpload>;

const RANDOM_BYTES = 16;
const ATTEMPTS = 2;

/** Issues uploads: each resolves once the upload is durable in the table, with the form that is good for its key alone. */
export function createUploadIssuer(options: UploadIssuerOptions): IssueUpload {
  const { uploadStore, signForm, namePart, maxBytes, now, randomBytes } = options;

  async function issueOnce(request: UploadRequest): Promise<IssuedUpload> {
    const issuedAt = now();
    const key = makeUploadKey(namePart, issuedAt, randomBytes(RANDOM_BYTES));
    const { form, expiresAt } = await signForm(key);
    await uploadStore.issue({
      key,
      apiKeyId: request.apiKeyId,
      issuedAt,
      expiresAt,
      constraints: { method: 'post', minBytes: 0, maxBytes },
      metadata: {},
      traceparent: request.traceparent,
    });
    return { key, form };
  }

  return async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await issueOnce(request);
      } catch (error) {
        if (!(error instanceof UploadAlreadyIssued)) throw serviceUnavailable(error);
        // Once can be chance. A second time the randomness is none, and no number of attempts would help.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  };
}
