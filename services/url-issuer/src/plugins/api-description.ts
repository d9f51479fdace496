import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';

/** The API's own version: it changes with what clients can rely on, not with each release. */
const API_VERSION = '1.0.0';

/** Collects the routes' schemas from here on into an OpenAPI document; `app.swagger()` gives it. */
export const apiDescription = fp(
  async (app, options: { readonly pathPrefix: string }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'upload-once',
          version: API_VERSION,
          description:
            'Issues permissions to upload a file to Amazon S3. Each is valid for exactly one upload.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        servers: [{ url: options.pathPrefix || '/' }],
        components: {
          securitySchemes: {
            apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
            link: {
              type: 'http',
              scheme: 'bearer',
              description: 'The part of a link’s URL after "#", unchanged.',
            },
          },
        },
        security: [{ apiKey: [] }],
      },
      transformObject: (found) => {
        if (!('openapiObject' in found)) throw new Error('The description is OpenAPI, of version 3');
        for (const header of headersIn(found.openapiObject)) liftRequired(header);
        return found.openapiObject;
      },
    });
  },
  { name: 'api-description', fastify: '5.x' },
);

interface Header {
  required?: boolean;
  schema?: { required?: unknown };
}

function headersIn({ paths }: { readonly paths?: object }): Header[] {
  return Object.values(paths ?? {})
    .flatMap((operations: object) => Object.values(operations))
    .flatMap((operation: { responses?: object }) => Object.values(operation.responses ?? {}))
    .flatMap((response: { headers?: Record<string, Header> }) => Object.values(response.headers ?? {}));
}

/** All that a route says of a header was put into its schema; whether it is always there stands beside that. */
function liftRequired(header: Header): void {
  const { required, ...schema } = header.schema ?? {};
  if (required === true) header.required = true;
  header.schema = schema;
}
