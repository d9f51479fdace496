import type { ServerResponse } from 'node:http';
import { plainXmlDocument } from '../s3/xml.ts';
import type { ObjectVersion } from '../storage/object-version.ts';

/**
 * Responds to a stored form as its fields ask for it (Amazon S3 API Reference, "POST Object"): 303 to
 * `success_action_redirect`, else `success_action_status` 200, 201 (with a document) or 204; 204 for anything else.
 * @param endpoint where the client reached this server, for example `http://127.0.0.1:4566`
 */
export function respondToForm(
  response: ServerResponse,
  fields: ReadonlyMap<string, string>,
  version: ObjectVersion,
  endpoint: string,
): void {
  const location = `${endpoint}/${version.bucket}/${encodeURIComponent(version.key)}`;
  const eTag = `"${version.eTag}"`;
  response.setHeader('ETag', eTag);
  response.setHeader('Location', location);
  if (version.versionId !== 'null') response.setHeader('x-amz-version-id', version.versionId);
  for (const [algorithm, value] of Object.entries(version.checksums)) {
    response.setHeader(`x-amz-checksum-${algorithm.toLowerCase()}`, value);
    response.setHeader('x-amz-checksum-type', version.checksumType);
  }

  const redirect = redirectUrl(fields, version, eTag);
  const status = fields.get('success_action_status');
  if (redirect !== undefined) {
    response.writeHead(303, { Location: redirect }).end();
  } else if (status === '201') {
    response.writeHead(201, { 'Content-Type': 'application/xml' }).end(
      plainXmlDocument('PostResponse', [
        ['Location', location],
        ['Bucket', version.bucket],
        ['Key', version.key],
        ['ETag', eTag],
      ]),
    );
  } else {
    response.writeHead(status === '200' ? 200 : 204).end();
  }
}

/** A URL that cannot be read counts as none, as on S3. */
function redirectUrl(
  fields: ReadonlyMap<string, string>,
  version: ObjectVersion,
  eTag: string,
): string | undefined {
  const wanted = fields.get('success_action_redirect') ?? fields.get('redirect') ?? '';
  if (!URL.canParse(wanted)) return undefined;
  const url = new URL(wanted);
  url.searchParams.append('bucket', version.bucket);
  url.searchParams.append('key', version.key);
  url.searchParams.append('etag', eTag);
  return url.href;
}
