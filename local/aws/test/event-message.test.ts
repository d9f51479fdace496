import t from 'tap';
import { eventMessage } from '../src/events/event-message.ts';
import { isAskedFor } from '../src/events/rule-match.ts';
import { createSequencer } from '../src/events/sequencer.ts';
import type { QueueRule } from '../src/storage/bucket.ts';
import type { ObjectVersion } from '../src/storage/object-version.ts';

const RULE: QueueRule = {
  id: 'uploads',
  queueArn: 'arn:aws:sqs:us-east-1:000000000000:upload-events',
  events: ['s3:ObjectCreated:*'],
  prefix: '',
  suffix: '',
};
const VERSION: ObjectVersion = {
  bucket: 'photos',
  key: 'uploads/a b+c%é/~(1)*.txt',
  versionId: 'v1',
  sequence: 1,
  storedAt: new Date('2030-01-02T03:04:05.678Z'),
  deleteMarker: false,
  origin: 'Post',
  eTag: 'd41d8cd98f00b204e9800998ecf8427e',
  sizeBytes: 7,
  attributes: { metadata: {}, tags: {} },
  checksums: {},
  checksumType: 'FULL_OBJECT',
  segments: [],
};
const CONTEXT = { region: 'eu-west-1', rule: RULE, sequencer: '00A1', requestId: 'R' };

t.test('a message has what S3 puts there, the key URL-encoded', async (t) => {
  t.same(JSON.parse(eventMessage(VERSION, CONTEXT)), {
    Records: [
      {
        eventVersion: '2.5',
        eventSource: 'aws:s3',
        awsRegion: 'eu-west-1',
        eventTime: '2030-01-02T03:04:05.678Z',
        eventName: 'ObjectCreated:Post',
        userIdentity: { principalId: 'local-aws' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': 'R', 'x-amz-id-2': 'local-aws' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'uploads',
          bucket: {
            name: 'photos',
            ownerIdentity: { principalId: 'local-aws' },
            arn: 'arn:aws:s3:::photos',
          },
          object: {
            key: 'uploads/a+b%2Bc%25%C3%A9/%7E%281%29*.txt',
            size: 7,
            eTag: 'd41d8cd98f00b204e9800998ecf8427e',
            versionId: 'v1',
            sequencer: '00A1',
          },
        },
      },
    ],
  });
});

t.test('without versioning there is no versionId', async (t) => {
  const message = JSON.parse(eventMessage({ ...VERSION, versionId: 'null' }, CONTEXT));
  t.notOk('versionId' in message.Records[0].s3.object);
});

t.test('a rule asks by type, prefix and suffix', async (t) => {
  const asks = (rule: Partial<QueueRule>, type = 'ObjectCreated:Post', key = 'uploads/a.jpg') =>
    isAskedFor({ ...RULE, ...rule }, type, key);
  t.equal(asks({}), true);
  t.equal(asks({ events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Post'] }), true);
  t.equal(asks({ events: ['s3:ObjectCreated:Put'] }), false);
  t.equal(asks({ events: ['s3:ObjectRemoved:*'] }), false);
  t.equal(asks({ prefix: 'uploads/', suffix: '.jpg' }), true);
  t.equal(asks({ prefix: 'accepted/' }), false);
  t.equal(asks({ suffix: '.png' }), false);
});

t.test('sequencers grow, also within a millisecond and when the clock goes back', async (t) => {
  const times = [5, 5, 3, 6].map((ms) => new Date(1_893_456_000_000 + ms));
  const next = createSequencer(() => times.shift() ?? new Date(0));
  const given = [next(), next(), next(), next(), next()];
  t.same([...given].sort(), given);
  t.equal(new Set(given).size, given.length);
  t.equal(new Set(given.map((one) => one.length)).size, 1);
});
