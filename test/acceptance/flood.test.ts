import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { createUpload, getUpload, uploadFile } from '@upload-once/client';
import t from 'tap';
import { deployment, sqs } from './support/deployment.ts';
import { eventually } from './support/eventually.ts';
import { withoutHaste } from './support/forms.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { processed, reportedObservedVersions } from './support/records.ts';

const { issuerUrl, apiKey } = deployment;
/** The services' default. */
const KEPT_DUPLICATES = 10;
const SURPLUS = 15;

/** How many messages a queue holds, those that a consumer works on included. */
async function messagesIn(QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

t.test(
  'P1 P4: of a form that is used again and again the first uploads are kept, and all are counted',
  async (t) => {
    const { id, form } = await withoutHaste(() => createUpload({ issuerUrl, apiKey, expiresInSeconds: 300 }));
    const deadLetters = await messagesIn(deployment.uploadDeadLetterQueueUrl);
    const send = (content: string) => uploadFile({ form, file: { blob: new Blob([content]), name: 'file' } });
    await send('the upload');
    const upload = await processed(form.key);
    await Promise.all(Array.from({ length: KEPT_DUPLICATES + SURPLUS }, (_, at) => send(`too many ${at}`)));
    const view = await eventually(
      'the count of what was removed',
      () => getUpload({ issuerUrl, apiKey }, id),
      ({ duplicatesRemoved }) => duplicatesRemoved >= SURPLUS,
    );
    t.match(view, { state: 'PROCESSED', duplicates: KEPT_DUPLICATES, refused: 0, refusedRemoved: 0 });
    t.equal((await reportedObservedVersions(form.key, KEPT_DUPLICATES)).length, KEPT_DUPLICATES);
    t.equal((await listVersions(form.key)).length, KEPT_DUPLICATES, 'the others are removed');
    const accepted = await readObject(acceptedKey(form.key), upload.acceptedVersionId);
    t.equal(accepted.sha256, sha256('the upload'));
    await eventually(
      'the last acknowledged event',
      () => messagesIn(deployment.uploadQueueUrl),
      (count) => count === 0,
    );
    t.equal(await messagesIn(deployment.uploadDeadLetterQueueUrl), deadLetters, 'each event was handled');
  },
);
