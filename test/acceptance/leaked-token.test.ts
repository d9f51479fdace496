import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { requestForm } from './support/forms.ts';
import { KNOWN_GAPS } from './support/known-gaps.ts';
import { leftNothing } from './support/left-nothing.ts';

// A form names the access key that signed it and, where that is temporary, carries its session token. Both are no secret: what
// is missing is the secret access key.

t.test('P6: what a form says of its signer opens nothing', async (t) => {
  const form = await requestForm();
  const accessKeyId = form.fields['x-amz-credential']?.split('/')[0] ?? '';
  const sessionToken = form.fields['x-amz-security-token'];
  t.not(accessKeyId, '', 'the form names an access key');
  const guesses: Record<string, string> = {
    'the token': sessionToken ?? 'none',
    'the signature': form.fields['x-amz-signature'] ?? '',
    'the policy': form.fields['policy'] ?? '',
    'the access key': accessKeyId,
  };
  for (const [what, secretAccessKey] of Object.entries(guesses)) {
    for (const token of [sessionToken, undefined]) {
      const s3 = new S3Client({
        forcePathStyle: process.env['S3_FORCE_PATH_STYLE'] === 'true',
        credentials: { accessKeyId, secretAccessKey, ...(token !== undefined && { sessionToken: token }) },
      });
      const Bucket = deployment.bucket;
      const said = `${what} as the secret, ${token === undefined ? 'without' : 'with'} the token`;
      const calls = [
        () => s3.send(new ListObjectsV2Command({ Bucket })),
        () => s3.send(new PutObjectCommand({ Bucket, Key: form.key, Body: 'x' })),
      ];
      for (const call of calls) {
        const result = await call().catch((error: Error) => error);
        if (deployment.knownGaps.has('call-signature')) {
          t.notOk(result instanceof Error, `${said}: known: ${KNOWN_GAPS['call-signature']}`);
          continue;
        }
        t.match(result, { name: /^(SignatureDoesNotMatch|InvalidToken)$/ }, said);
      }
      s3.destroy();
    }
  }
  if (!deployment.knownGaps.has('call-signature')) await leftNothing(t, [form.key], []);
});
