import t from 'tap';
import { type PostOutcome, postForm, requestForm } from './support/forms.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { processed, reportedObservedVersions } from './support/records.ts';

const UPLOADS = 200;

interface Sent extends PostOutcome {
  readonly sha256: string;
}

/** One, two or three different files with one form: some at once, some after the other's response, some in between. */
async function sendFiles(upload: number): Promise<{ key: string; sent: Sent[] }> {
  const form = await requestForm();
  const contents = Array.from({ length: 1 + (upload % 3) }, (_, at) =>
    `upload ${upload}, file ${at} `.repeat(1 + upload),
  );
  const send = async (content: string) => ({ ...(await postForm(form, content)), sha256: sha256(content) });
  const sent: Sent[] = [];
  if (upload % 2 === 0) {
    sent.push(...(await Promise.all(contents.map(send))));
  } else {
    for (const content of contents) sent.push(await send(content));
  }
  return { key: form.key, sent };
}

t.test(`P1 P2 P4: ${UPLOADS} uploads at once, with one, two or three files each`, async (t) => {
  const uploads = await Promise.all(Array.from({ length: UPLOADS }, (_, upload) => sendFiles(upload)));
  let duplicates = 0;
  for (const { key, sent } of uploads) {
    const problems: string[] = [];
    if (sent.some((each) => each.status !== 204)) problems.push('S3 refused a file');
    const upload = await processed(key);
    const accepted = await readObject(acceptedKey(key), upload.acceptedVersionId);
    const winner = sent.find((each) => each.sha256 === accepted.sha256);
    if (!winner) problems.push('the accepted object is none of the files');
    else if (sent.some((each) => each.respondedAtMs < winner.startedAtMs)) {
      problems.push('a file was accepted whose POST began after another’s had its response');
    }
    if ((await listVersions(acceptedKey(key))).length !== 1)
      problems.push('not exactly one accepted version');
    const observedVersions = await reportedObservedVersions(key, sent.length - 1);
    duplicates += observedVersions.length;
    if (observedVersions.length !== sent.length - 1)
      problems.push(`${observedVersions.length} duplicates recorded`);
    if (observedVersions.some((each) => each.versionId === upload.versionId))
      problems.push('the upload is its own duplicate');
    t.strictSame(problems, [], key);
  }
  t.equal(
    duplicates,
    uploads.reduce((sum, { sent }) => sum + sent.length - 1, 0),
  );
});
