import fc from 'fast-check';
import t from 'tap';
import { Unprocessable } from '../src/failures.ts';
import { parseS3Event } from '../src/s3-event.ts';

// Whatever stands in a message: what S3 would have sent, or Unprocessable, and never anything else. `make fuzz` tries more.

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

function isReadOrRefused(body: string): boolean {
  try {
    return parseS3Event(body).every(
      ({ key, versionId, sizeBytes, storedAt }) =>
        key !== '' &&
        versionId !== '' &&
        Number.isSafeInteger(sizeBytes) &&
        !Number.isNaN(storedAt.getTime()),
    );
  } catch (error) {
    // The reason is logged: it may not be as long as what was sent.
    if (error instanceof Unprocessable && error.message.length < 2_000) return true;
    throw error;
  }
}

const whole = {
  Records: [
    {
      eventVersion: '2.3',
      eventSource: 'aws:s3',
      eventTime: '2030-01-31T12:00:00.000Z',
      eventName: 'ObjectCreated:Post',
      s3: {
        bucket: { name: 'files' },
        object: { key: 'uploads/a+b%C3%BC', size: 3, eTag: 'e', versionId: 'v', sequencer: '0A' },
      },
    },
  ],
};
const text = JSON.stringify(whole);

t.test('any text at all', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), isReadOrRefused), { numRuns, seed });
});

t.test('any JSON at all, as the message and as its records', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      return isReadOrRefused(JSON.stringify(value)) && isReadOrRefused(JSON.stringify({ Records: [value] }));
    }),
    { numRuns, seed },
  );
});

t.test('a good event with any value in the place of any of its fields', async () => {
  const paths = [
    ['eventVersion'],
    ['eventTime'],
    ['eventName'],
    ['s3'],
    ['s3', 'bucket'],
    ['s3', 'bucket', 'name'],
    ['s3', 'object'],
  ];
  for (const name of ['key', 'size', 'eTag', 'versionId', 'sequencer']) paths.push(['s3', 'object', name]);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const event = structuredClone(whole);
      let at = event.Records[0] as unknown as Record<string, unknown>;
      for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
      at[path.at(-1) ?? ''] = value;
      return isReadOrRefused(JSON.stringify(event));
    }),
    { numRuns, seed },
  );
});

t.test('a good event with pieces cut out and put in', async () => {
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.nat(20),
      fc.string({ unit: 'binary', maxLength: 5 }),
      (at, length, put) => isReadOrRefused(text.slice(0, at) + put + text.slice(at + length)),
    ),
    { numRuns, seed },
  );
});

t.test('nesting and length far beyond those of S3', async (t) => {
  t.ok(isReadOrRefused(`{"Records":${'['.repeat(100_000)}${']'.repeat(100_000)}}`));
  t.ok(isReadOrRefused(`{"Records":[${'{"s3":'.repeat(20_000)}1${'}'.repeat(20_000)}]}`));
  t.ok(isReadOrRefused(text.replace('uploads/', 'x'.repeat(1_000_000))));
  t.equal(parseS3Event(text)[0]?.key, 'uploads/a bü', 'the event that all of these were made of is good');
});
