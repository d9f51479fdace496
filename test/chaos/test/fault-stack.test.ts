import { requestUpload, uploadFile } from '@upload-once/client';
import { openUploadStore, waitUntilProcessed } from '@upload-once/local-stack/outcome.ts';
import t from 'tap';
import { startFaultStack } from '../src/fault-stack.ts';

t.test(
  'an upload goes through services behind proxies, also after each was killed and started again',
  async (t) => {
    const stack = await startFaultStack({
      logFolder: t.testdir(),
      visibilitySeconds: 2,
      maxReceiveCount: 10,
    });
    t.teardown(() => stack.stop());
    const services = [
      await stack.add('url-issuer'),
      await stack.add('acceptor'),
      await stack.add('processor'),
    ] as const;
    const [issuer, acceptor, processor] = services;
    const uploads = openUploadStore(stack);

    async function uploadOne(): Promise<void> {
      const form = await requestUpload({ issuerUrl: await issuer.url(), apiKey: stack.apiKey });
      await uploadFile({ form, file: { blob: new Blob(['content']), name: 'a.txt' } });
      await waitUntilProcessed(uploads, form.key);
    }

    await Promise.all(services.map((service) => service.start()));
    // A kill loses what was gathered.
    const counted = issuer.nextLine((line) => 'UploadsIssued' in line);
    await Promise.all([uploadOne(), counted]);
    for (const service of services) {
      t.strictSame(await service.kill(), { code: null, signal: 'SIGKILL' });
      t.equal(service.isRunning, false);
    }
    await Promise.all(services.map((service) => service.start()));
    await uploadOne();
    for (const service of services) t.strictSame(await service.stop(), { code: 0, signal: null });

    t.equal(issuer.total('UploadsIssued'), 2);
    t.equal(issuer.proxy.counts.get('dynamodb BatchWriteItem'), 2);
    t.equal(acceptor.proxy.counts.get('s3 CopyObject'), 2);
    t.ok(processor.lines.filter(({ msg }) => msg === 'upload processed').length >= 2);
  },
);
