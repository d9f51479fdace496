import t from 'tap';
import { EXAMPLE_CREDENTIAL } from '../src/defaults.ts';
import { checkPostSignature } from '../src/form/post-signature.ts';
import { REGION, signForm } from './support/signed-form.ts';

const TEMPORARY = { ...EXAMPLE_CREDENTIAL, sessionToken: 'a-session' };

function check(token: string | undefined, credential: typeof EXAMPLE_CREDENTIAL): void {
  const fields = new Map(Object.entries(signForm({ policy: { any: 'policy' } })));
  if (token !== undefined) fields.set('x-amz-security-token', token);
  checkPostSignature(fields, { credentials: [credential], region: REGION });
}

t.test('a form signed with temporary credentials carries their session token', async (t) => {
  const invalid = { code: 'InvalidToken', status: 400 };
  t.doesNotThrow(() => check('a-session', TEMPORARY));
  t.throws(() => check(undefined, TEMPORARY), invalid);
  t.throws(() => check('another', TEMPORARY), invalid);
  t.throws(() => check('a-session', EXAMPLE_CREDENTIAL), invalid);
  t.doesNotThrow(() => check(undefined, EXAMPLE_CREDENTIAL));
});

t.test('the signature of the AWS documentation is found right', async (t) => {
  // Amazon S3 API Reference, "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
  const policy = [
    'eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVi',
    'dWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vz',
    'c19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBb',
    'InN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7Ingt',
    'YW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7Ingt',
    'YW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3Jp',
    'dGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9',
  ].join('');
  const fields = new Map([
    ['policy', policy],
    ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
    ['x-amz-credential', 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request'],
    ['x-amz-date', '20151229T000000Z'],
    ['x-amz-signature', '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e'],
  ]);
  const credential = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  t.doesNotThrow(() => checkPostSignature(fields, { credentials: [credential], region: REGION }));
});
