import type { S3Client } from '@aws-sdk/client-s3';
import { createFormSigner, type SignedForm } from './sign-form.ts';
import { createPutSigner, type SignedPut } from './sign-put.ts';
import { createSigningCredentials } from './signing-credentials.ts';
import type { SignedTerms } from './signing-request.ts';

/** What the client needs to send its file, and nothing else. */
export type SignedUpload = SignedForm | SignedPut;

/** Signs uploads' ways in; it sends nothing, and knows no state. */
export interface UploadSigner {
  /**
   * Begins to sign something that shall be good until then: the credentials are asked for once, so that those whose end is
   * checked are the ones that sign, whatever is renewed between.
   * @param wantedExpiresAt a whole second, as signatures know them; see `expirationOf` in signature-times.ts
   * @throws CredentialsEndTooSoon
   */
  begin(wantedExpiresAt: Date): Promise<Signing>;
}

export interface Signing {
  /** What S3 goes by: as wanted, or earlier where the credentials end before; a whole second. */
  readonly expiresAt: Date;
  /** The same upload signed again with the same credentials is the same, to the byte. */
  sign(upload: SignedTerms): Promise<SignedUpload>;
}

export interface UploadSignerOptions {
  /** Only its configuration is used: endpoint, region, path style, credentials. */
  readonly client: S3Client;
  readonly bucket: string;
  readonly now: () => Date;
}

export function createUploadSigner(options: UploadSignerOptions): UploadSigner {
  const findCredentials = createSigningCredentials(options);
  const signForm = createFormSigner(options);
  const signPut = createPutSigner(options);
  return {
    async begin(wantedExpiresAt) {
      const { identity, expiresAt } = await findCredentials(wantedExpiresAt);
      return {
        expiresAt,
        sign(upload) {
          const toSign = { ...upload, identity, expiresAt };
          return upload.constraints.method === 'put' ? signPut(toSign) : signForm(toSign);
        },
      };
    },
  };
}
