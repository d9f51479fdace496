import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

type Requests = Readonly<Record<string, readonly unknown[]>>;

const PASSED_ON = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'] as const;

/**
 * Carries out half of a BatchWriteItem. The signature is not that of the shorter request: local-aws does not verify those of
 * DynamoDB.
 */
export async function writeHalf(
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: string,
): Promise<void> {
  const { RequestItems } = (await json(request)) as { RequestItems: Requests };
  const written = await fetch(endpoint, {
    method: 'POST',
    headers: PASSED_ON.map((name) => [name, String(request.headers[name])] as [string, string]),
    body: JSON.stringify({ RequestItems: everySecond(RequestItems, 0) }),
  });
  const body = { ...((await written.json()) as object), UnprocessedItems: everySecond(RequestItems, 1) };
  response
    .writeHead(written.status, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify(written.ok ? body : { ...body, UnprocessedItems: undefined }));
}

/** Without the tables that have nothing left: DynamoDB refuses an empty list. */
function everySecond(requests: Requests, first: 0 | 1): Requests {
  return Object.fromEntries(
    Object.entries(requests)
      .map(([table, all]) => [table, all.filter((_, at) => at % 2 === first)] as const)
      .filter(([, some]) => some.length > 0),
  );
}
