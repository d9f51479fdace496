import { createUpload, UploadRefused, uploadFile } from '@upload-once/client';
import { type Clock, pause } from '@upload-once/clock';
import { type TrialActions, TrialKind } from '@upload-once/console';

const LATE_FORM_SECONDS = 1;
/** Beyond its end, for clocks that differ. */
const LATE_MS = 1_500;
const NAME = 'trial';

type Form = Awaited<ReturnType<typeof createUpload>>['form'];

/** Uploads by the buttons of the console: one as it should be, one with a second file, one too late, one that was tampered with. */
export function createTrials(options: {
  readonly issuerUrl: string;
  readonly apiKey: string;
  readonly clock: Clock;
}): TrialActions {
  const { issuerUrl, apiKey, clock } = options;

  async function send(form: Form, text: string, signal: AbortSignal): Promise<string> {
    const { status } = await uploadFile({
      form,
      file: { blob: new Blob([text]), name: `${NAME}.txt` },
      signal,
    });
    return `S3 responded with ${status}: it has the file`;
  }

  /** @returns what S3 said, and undefined as the refusal where it took the file */
  async function sendRefused(form: Form, signal: AbortSignal) {
    try {
      return { step: await send(form, 'a file that S3 should refuse', signal), refusal: undefined };
    } catch (error) {
      if (!(error instanceof UploadRefused)) throw error;
      const why = error.s3Message?.replace(/^.*Policy: /, '').replace(/: [[{].*/, '') ?? error.message;
      const refusal = `S3 refused it: ${error.status} ${error.s3Code} (${why})`;
      return { step: refusal, refusal };
    }
  }

  return {
    async run(kind, signal) {
      const isLate = kind === TrialKind.late;
      const { id, form } = await createUpload({
        issuerUrl,
        apiKey,
        name: `${NAME}-${kind}`,
        ...(isLate && { expiresInSeconds: LATE_FORM_SECONDS }),
      });
      if (isLate) {
        await pause(clock, LATE_FORM_SECONDS * 1000 + LATE_MS, signal);
        const { step, refusal } = await sendRefused(form, signal);
        return { uploadId: id, steps: [step], refusal };
      }
      if (kind === TrialKind.tampered) {
        const { step, refusal } = await sendRefused(withAnotherKey(form), signal);
        return { uploadId: id, steps: [step], refusal };
      }
      const steps = [await send(form, 'the first file', signal)];
      if (kind === TrialKind.twice) steps.push(await send(form, 'the second file', signal));
      return { uploadId: id, steps, refusal: undefined };
    },
  };
}

function withAnotherKey(form: Form): Form {
  if (!('fields' in form)) return form;
  return { ...form, fields: { ...form.fields, key: `${form.fields['key']}-of-my-own-choice` } } as Form;
}
