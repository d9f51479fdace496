import { text } from 'node:stream/consumers';
import {
  type DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  GetItemCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { AwsSdkSigV4Signer } from '@aws-sdk/core/httpAuthSchemes';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { HttpRequest, type HttpResponse } from '@smithy/core/protocols';
import {
  type AwsCredentialIdentity,
  type ClientProtocol,
  type Command,
  type DeserializeHandler,
  type HandlerExecutionContext,
  type HttpHandlerOptions,
  type MiddlewareStack,
  type OperationSchema,
  type RequestSigner,
  type SerdeFunctions,
  SMITHY_CONTEXT_KEY,
  type StaticOperationSchema,
} from '@smithy/types';

type DynamoDbCommand<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = Command<
  ServiceInputTypes,
  Input,
  ServiceOutputTypes,
  Output,
  DynamoDBClientResolvedConfig
>;
type ClientStack = MiddlewareStack<ServiceInputTypes, ServiceOutputTypes>;

/** Sends a command as `client.send` does: the same request, the same output, the same errors, and as many attempts. */
export type FastSend = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: DynamoDbCommand<Input, Output>,
  options?: HttpHandlerOptions,
) => Promise<Output>;

/** What the SDK does for each call, and is done once here, or is not needed for a table. */
const REPLACED_MIDDLEWARES = [
  'contentLengthMiddleware',
  'deserializerMiddleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'httpAuthSchemeMiddleware',
  'httpSigningMiddleware',
  'loggerMiddleware',
  'recursionDetectionMiddleware',
  'serializerMiddleware',
];
const USER_AGENT = 'upload-once';
const NO_IDENTITY: AwsCredentialIdentity = { accessKeyId: '', secretAccessKey: '' };

/**
 * A faster `client.send`, for less of its CPU (docs/performance.md, "One call"): a call of DynamoDB is one JSON document each way, and a table's
 * attributes are the JSON that DynamoDB takes ("DynamoDB low-level API", Amazon DynamoDB Developer Guide). So the SDK's schemas, the
 * endpoint's rules, the choice of a signature and the user agent are left out of each call.
 *
 * The client's own parts do all else: its credentials, its retries, its connections and time limits, its clock correction, its errors
 * and what was added to its middlewares. fast-send.test.ts holds it to `client.send`.
 *
 * The endpoint is the client's, as it is for a table of the client's own account, found once. Binary attributes are not supported.
 */
export function createFastSend(client: DynamoDBClient): FastSend {
  const { config } = client;
  // With it the client would keep the handler of one call for all others.
  if (config.cacheMiddleware) throw new Error('a client with cacheMiddleware cannot send so');
  const scheme = new AwsSdkSigV4Signer();
  let signer: RequestSigner | undefined;
  const keptSigner = async () => {
    signer ??= await config.signer();
    return signer;
  };
  const signingConfig = Object.create(config, { signer: { value: keptSigner } });
  let endpoint: Promise<URL> | undefined;

  function findEndpoint(): Promise<URL> {
    endpoint ??= getEndpointFromInstructions({}, GetItemCommand, { ...config }).then(
      ({ url }) => url,
      (error) => {
        endpoint = undefined;
        throw error;
      },
    );
    return endpoint;
  }

  async function requestOf(operation: string, input: ServiceInputTypes): Promise<HttpRequest> {
    const { protocol, hostname, port, host, pathname } = await findEndpoint();
    const body = JSON.stringify(input);
    return new HttpRequest({
      method: 'POST',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: pathname.endsWith('/') ? pathname : `${pathname}/`,
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.0',
        'content-length': String(Buffer.byteLength(body)),
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'user-agent': USER_AGENT,
      },
      body,
    });
  }

  /** One attempt. */
  async function attempt(
    request: HttpRequest,
    schema: StaticOperationSchema,
    context: HandlerExecutionContext,
    options: HttpHandlerOptions | undefined,
  ) {
    const signing: Record<string, unknown> = { config: signingConfig, context };
    // The signer asks for the credentials itself.
    const signed = await scheme.sign(request, NO_IDENTITY, signing);
    const { response } = await config.requestHandler.handle(signed as HttpRequest, options);
    const output = await outputOf(response, schema, context).catch(scheme.errorHandler(signing));
    scheme.successHandler(response, signing);
    return { response, output };
  }

  async function outputOf(
    response: HttpResponse,
    schema: StaticOperationSchema,
    context: HandlerExecutionContext,
  ) {
    const { statusCode: httpStatusCode, headers } = response;
    const $metadata = { httpStatusCode, requestId: headers['x-amzn-requestid'] };
    try {
      if (httpStatusCode >= 300) return await readError(response, schema, context);
      const output = JSON.parse((await text(response.body)) || '{}');
      return { ...output, $metadata };
    } catch (error) {
      // As the SDK leaves an error: by these two its retries judge it. The request in a response is signed, and is not to be logged.
      const failure = error as Error & { $metadata?: object };
      failure.$metadata ??= $metadata;
      throw Object.defineProperty(failure, '$response', { value: response, enumerable: false });
    }
  }

  /** The SDK knows DynamoDB's errors, and throws. */
  function readError(
    response: HttpResponse,
    schema: StaticOperationSchema,
    context: HandlerExecutionContext,
  ) {
    const [, namespace, name, traits, input, output] = schema;
    const protocol = config.protocol as ClientProtocol<HttpRequest, HttpResponse>;
    const serde = { ...config, ...context } as unknown as HandlerExecutionContext & SerdeFunctions;
    return protocol.deserializeResponse(
      { namespace, name, traits, input, output } as OperationSchema,
      serde,
      response,
    );
  }

  return (command, options) => {
    const schema = command.schema as StaticOperationSchema;
    const { input, middlewareStack } = command;
    const [, , operation] = schema;
    const send = {
      input,
      middlewareStack,
      schema,
      resolveMiddleware(stack: ClientStack) {
        const context: HandlerExecutionContext = {
          clientName: 'DynamoDBClient',
          commandName: `${operation}Command`,
          logger: config.logger,
          [SMITHY_CONTEXT_KEY]: options?.abortSignal ? { abortSignal: options.abortSignal } : {},
        };
        const handler = leanStack(stack).resolve(
          (({ request }) => attempt(request as HttpRequest, schema, context, options)) as DeserializeHandler<
            never,
            never
          >,
          context,
        );
        return async () => handler({ input, request: await requestOf(operation, input) } as never);
      },
    };
    return client.send(send as unknown as typeof command, options);
  };
}

/** @throws Error where the SDK has no middleware of that name any more: what it does now has to be looked at */
function leanStack(stack: ClientStack): ClientStack {
  const lean = stack.clone();
  for (const name of REPLACED_MIDDLEWARES) {
    if (!lean.remove(name)) throw new Error(`the AWS SDK has no ${name}`);
  }
  return lean;
}
