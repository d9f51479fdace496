import fc from 'fast-check';
import t from 'tap';
import { objectKeysIn, parseS3Event, Unprocessable } from '../src/index.ts';

function record(changes: Record<string, unknown> = {}, object: Record<string, unknown> = {}) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2030-01-31T12:00:00.123Z',
    eventName: 'ObjectCreated:Post',
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'uploads',
      bucket: { name: 'files', ownerIdentity: { principalId: 'A3NL' }, arn: 'arn:aws:s3:::files' },
      object: {
        key: 'uploads/report-20300131_120000-abc',
        size: 1024,
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
        sequencer: '0055AED6DCD90281E5',
        ...object,
      },
    },
    ...changes,
  };
}

function message(...records: unknown[]): string {
  return JSON.stringify({ Records: records });
}

t.test('one record', async (t) => {
  t.same(parseS3Event(message(record())), [
    {
      bucket: 'files',
      key: 'uploads/report-20300131_120000-abc',
      versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
      eTag: 'd41d8cd98f00b204e9800998ecf8427e',
      sizeBytes: 1024,
      sequencer: '0055AED6DCD90281E5',
      eventName: 'ObjectCreated:Post',
      storedAt: new Date('2030-01-31T12:00:00.123Z'),
    },
  ]);
});

t.test('several records, in their order; other kinds of event are left out', async (t) => {
  const events = parseS3Event(
    message(
      record({}, { versionId: 'v1' }),
      record({ eventName: 'ObjectRemoved:DeleteMarkerCreated', eventVersion: '2.3' }, { size: undefined }),
      record(
        { eventName: 'ObjectCreated:CompleteMultipartUpload', eventVersion: '2.99' },
        { versionId: 'v2' },
      ),
    ),
  );
  t.same(
    events.map(({ versionId, eventName }) => [versionId, eventName]),
    [
      ['v1', 'ObjectCreated:Post'],
      ['v2', 'ObjectCreated:CompleteMultipartUpload'],
    ],
  );
  t.same(parseS3Event(message()), []);
});

t.test('the test event that S3 sends when a notification is configured', async (t) => {
  const body = {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2030-01-31T12:00:00.000Z',
    Bucket: 'files',
    RequestId: '5582815E1AEA5ADF',
    HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR',
  };
  t.same(parseS3Event(JSON.stringify(body)), []);
});

t.test('keys are URL-decoded', async (t) => {
  const keys = {
    'uploads/two+words': 'uploads/two words',
    'uploads/a%2Bb': 'uploads/a+b',
    'uploads/100%25': 'uploads/100%',
    'uploads/gr%C3%BC%C3%9Fe-%E6%97%A5%E6%9C%AC-%F0%9F%98%80': 'uploads/grüße-日本-😀',
    'uploads%2Fx%20y': 'uploads/x y',
  };
  for (const [key, decoded] of Object.entries(keys)) {
    t.equal(parseS3Event(message(record({}, { key })))[0]?.key, decoded);
  }
});

t.test('any key comes out as it went in', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (key) => {
        const encoded = encodeURIComponent(key).replaceAll('%20', '+');
        return parseS3Event(message(record({}, { key: encoded })))[0]?.key === key;
      }),
    ),
  );
});

t.test('what senders write differently', async (t) => {
  const [event] = parseS3Event(
    message(
      record({ eventTime: '2030-01-31T12:00:00Z' }, { eTag: '"abc-2"', sequencer: undefined, size: 0 }),
    ),
  );
  t.match(event, { eTag: 'abc-2', sequencer: '', sizeBytes: 0, storedAt: new Date('2030-01-31T12:00:00Z') });
  t.equal(parseS3Event(message(record({}, { sequencer: '' })))[0]?.sequencer, '');
});

t.test('whatever is no such event is Unprocessable, and the reason names it', async (t) => {
  const bad: Record<string, [body: string, reason: RegExp]> = {
    empty: ['', /not JSON: ""/],
    'no JSON': ['{"Records":', /not JSON/],
    'a very long text': ['x'.repeat(100_000), /not JSON: "x{200}"… \(100000 characters\)$/],
    null: ['null', /JSON object, not null/],
    'a list': ['[]', /JSON object, not a list/],
    'a number': ['7', /JSON object, not 7/],
    'a text': ['"s3:TestEvent"', /JSON object, not "s3:TestEvent"/],
    'nothing in it': ['{}', /Records is a list, not missing/],
    'records that are none': ['{"Records":{}}', /Records is a list, not an object/],
    'deep lists': [`${'['.repeat(50_000)}${']'.repeat(50_000)}`, /Unprocessable|no S3 event/],
    'deep records': [`{"Records":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}`, /no S3 event/],
    'a record that is none': [message(null), /Records\[0\] is an object, not null/],
    'version 3': [
      message(record({ eventVersion: '3.0' })),
      /Records\[0\]\.eventVersion is .* 2\.x, not "3\.0"/,
    ],
    'version 20': [message(record({ eventVersion: '20.1' })), /eventVersion/],
    'no version': [message(record({ eventVersion: undefined })), /eventVersion .* not missing/],
    'version as a number': [message(record({ eventVersion: 2.1 })), /eventVersion .* not 2\.1/],
    'version 3 of another kind': [
      message(record({ eventVersion: '3.0', eventName: 'Other' })),
      /eventVersion/,
    ],
    'no name': [message(record({ eventName: undefined })), /eventName/],
    'no s3': [message(record({ s3: 'x' })), /Records\[0\]\.s3 is an object, not "x"/],
    'no bucket': [message(record({ s3: { object: {} } })), /Records\[0\]\.s3\.bucket is an object/],
    'no bucket name': [message(record({ s3: { bucket: {}, object: {} } })), /s3\.bucket\.name/],
    'no object': [message(record({ s3: { bucket: { name: 'files' } } })), /s3\.object is an object/],
    'no key': [message(record({}, { key: undefined })), /s3\.object\.key/],
    'an empty key': [message(record({}, { key: '' })), /s3\.object\.key/],
    'a bad escape': [
      message(record({}, { key: 'uploads/%zz' })),
      /key is URL-encoded UTF-8, not "uploads\/%zz"/,
    ],
    'half an escape': [message(record({}, { key: 'uploads/%' })), /key/],
    'no UTF-8': [message(record({}, { key: 'uploads/%FF%FE' })), /key is URL-encoded UTF-8/],
    'no version id': [message(record({}, { versionId: undefined })), /s3\.object\.versionId .* not missing/],
    'no ETag': [message(record({}, { eTag: 1 })), /eTag/],
    'no size': [message(record({}, { size: undefined })), /size is a whole number of bytes, not missing/],
    'a size below 0': [message(record({}, { size: -1 })), /size .* not -1/],
    'a broken size': [message(record({}, { size: 1.5 })), /size/],
    'a size as a text': [message(record({}, { size: '1024' })), /size/],
    'a sequencer that is none': [message(record({}, { sequencer: 7 })), /sequencer/],
    'no time': [message(record({ eventTime: undefined })), /eventTime/],
    'no such time': [message(record({ eventTime: '2030-13-31T12:00:00.000Z' })), /eventTime/],
    'a time of no place': [message(record({ eventTime: '2030-01-31 12:00' })), /eventTime/],
    'one bad record of two': [
      message(record(), record({}, { versionId: null })),
      /Records\[1\]\.s3\.object\.versionId/,
    ],
  };
  for (const [name, [body, reason]] of Object.entries(bad)) {
    try {
      parseS3Event(body);
      t.fail(`${name} was taken`);
    } catch (error) {
      t.type(error, Unprocessable, name);
      t.match(error, { code: 'Unprocessable', message: reason }, name);
    }
  }
});

t.test('garbage of every kind throws Unprocessable or nothing', async (t) => {
  const parses = (body: string) => {
    try {
      return Array.isArray(parseS3Event(body));
    } catch (error) {
      return error instanceof Unprocessable && error.message.length < 500;
    }
  };
  const anyFields = fc.oneof(
    fc.constantFrom('2.1', 'ObjectCreated:Put', '2030-01-31T12:00:00.000Z', '%', '+', '', 0, -1, null),
    fc.jsonValue(),
  );
  const almost = fc
    .record({
      path: fc.constantFrom('eventVersion', 'eventName', 'eventTime', 's3', '__proto__'),
      value: anyFields,
    })
    .map(({ path, value }) => message({ ...record(), [path]: value }));
  const almostObject = fc
    .record({ path: fc.constantFrom('key', 'size', 'eTag', 'versionId', 'sequencer'), value: anyFields })
    .map(({ path, value }) => message(record({}, { [path]: value })));
  const wrapped = fc.jsonValue().map((value) => JSON.stringify({ Records: [value] }));
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), wrapped, almost, almostObject);
  t.doesNotThrow(() => fc.assert(fc.property(texts, parses), { numRuns: 2000 }));
});

t.test('the keys that a message reports of one bucket', async (t) => {
  const other = { bucket: { name: 'of-another-team' }, object: { key: 'uploads/b', versionId: 'v' } };
  const two = message(record(), record({}, { key: 'uploads/two+words' }));
  t.strictSame(objectKeysIn(two, 'files'), ['uploads/report-20300131_120000-abc', 'uploads/two words']);
  t.strictSame(objectKeysIn(message(record(), record({ s3: other })), 'of-the-third'), []);
  for (const body of ['no JSON', '{}', 'null', message({ eventName: 'ObjectCreated:Post' })]) {
    t.strictSame(objectKeysIn(body, 'files'), [], body);
  }
});
