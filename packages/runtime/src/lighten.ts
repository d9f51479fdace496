import type { BuildHandler, HttpRequest, MiddlewareStack } from '@smithy/types';

/** For each call the SDK logs to nothing, looks for the trace header of a Lambda function, and puts a user agent together. */
const UNUSED_MIDDLEWARES = ['getUserAgentMiddleware', 'loggerMiddleware', 'recursionDetectionMiddleware'];
const USER_AGENT = 'upload-once';

/**
 * A client of AWS without what a service has no use for (docs/performance.md, "One call"). CloudTrail shows the user agent `upload-once`.
 * @throws Error where the SDK has no middleware of that name any more
 */
export function lighten<Client extends { readonly middlewareStack: { remove(name: string): boolean } }>(
  client: Client,
): Client {
  const stack = client.middlewareStack as unknown as MiddlewareStack<object, object>;
  for (const name of UNUSED_MIDDLEWARES) {
    if (!stack.remove(name)) throw new Error(`the AWS SDK has no ${name}`);
  }
  const setUserAgent =
    (next: BuildHandler<object, object>): BuildHandler<object, object> =>
    (args) => {
      (args.request as HttpRequest).headers['user-agent'] = USER_AGENT;
      return next(args);
    };
  stack.add(setUserAgent, { step: 'build', name: 'setUserAgent' });
  return client;
}
