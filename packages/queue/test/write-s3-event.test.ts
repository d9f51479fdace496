import t from 'tap';
import { parseS3Event } from '../src/s3-event.ts';
import { writeS3Event } from '../src/write-s3-event.ts';

const event = {
  bucket: 'uploads-test',
  key: 'uploads/Zähler 1+1 100% & so/b?c#d-😀',
  versionId: '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo',
  eTag: '5d41402abc4b2a76b9719d911017c592-2',
  sizeBytes: 0,
  eventName: 'ObjectCreated:Post',
  storedAt: new Date('2026-01-01T00:00:01.234Z'),
};

t.test('what is written is what is read, but for the sequencer', async (t) => {
  t.strictSame(parseS3Event(writeS3Event(event, 'eu-central-1')), [{ ...event, sequencer: '' }]);
});

t.test('it has the form of S3’s own, and does not claim to be one', async (t) => {
  const { Records } = JSON.parse(writeS3Event(event, 'eu-central-1'));
  t.match(Records, [
    {
      awsRegion: 'eu-central-1',
      eventSource: 'upload-once:repair',
      s3: {
        bucket: { arn: 'arn:aws:s3:::uploads-test' },
        object: { key: 'uploads/Z%C3%A4hler+1%2B1+100%25+%26+so/b%3Fc%23d-%F0%9F%98%80' },
      },
    },
  ]);
});
