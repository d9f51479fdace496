import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import type { Test } from 'tap';
import type { LocalCloud } from './local-cloud.ts';
import type { ServiceProcess } from './service-process.ts';

export async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status;
}

/** Makes each dependency of a consumer unavailable in turn, and checks what its readiness reports. @param needless what it does not need */
export async function assertReadinessFollows(
  t: Test,
  cloud: LocalCloud,
  service: ServiceProcess,
  queueUrl: string,
  needless: readonly string[] = [],
): Promise<void> {
  const outages = {
    table: {
      name: 'table of uploads',
      begin: () => cloud.dynamoDb.send(new DeleteTableCommand({ TableName: cloud.tables.uploads })),
      end: () => cloud.provision(),
      reason: /not found|non-existent/i,
    },
    bucket: {
      name: 'bucket',
      begin: () => cloud.localAws.calls.hold({ operation: 'HeadBucket' }),
      end: () => cloud.localAws.calls.release(),
      reason: /no response within 3000 ms|aborted/i,
    },
    queue: {
      name: 'queue',
      begin: () => cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl })),
      end: () => cloud.provision(),
      reason: /queue does not exist/,
    },
  };
  const url = await service.url();
  t.equal(await statusOf(`${url}/readyz`), 200);
  for (const [what, { name, begin, end, reason }] of Object.entries(outages)) {
    if (needless.includes(what)) continue;
    await begin();
    const response = await fetch(`${url}/readyz`);
    t.equal(response.status, 503, `without the ${what} it is not ready`);
    t.strictSame(await response.json(), { message: `The ${name} does not respond`, code: 'NotReady' });
    t.equal(await statusOf(`${url}/livez`), 200, 'and alive');
    t.match(
      await service.logged(`The ${name} does not respond`),
      { err: { message: reason } },
      'and says why',
    );
    await end();
    t.equal(await statusOf(`${url}/readyz`), 200, 'and ready again');
    await service.logged(`The ${name} responds again`);
  }
}
