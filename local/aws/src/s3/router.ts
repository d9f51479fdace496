import type { IncomingMessage } from 'node:http';
import { uriDecode } from './uri.ts';

export interface Address {
  /** Empty for a call on no bucket. */
  readonly bucket: string;
  /** Empty for a call on a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** What a path-style request is about. @throws S3Error InvalidURI (400) */
export function readAddress(request: IncomingMessage): Address {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const [, bucket = '', ...key] = path.split('/');
  return {
    bucket: uriDecode(bucket),
    key: uriDecode(key.join('/')),
    query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)),
  };
}

/** Query parameters that make another call of a request, and how AWS's API reference names it. */
const SUBRESOURCES = new Map([
  ['accelerate', 'AccelerateConfiguration'],
  ['acl', 'Acl'],
  ['analytics', 'AnalyticsConfiguration'],
  ['attributes', 'Attributes'],
  ['cors', 'Cors'],
  ['encryption', 'Encryption'],
  ['inventory', 'InventoryConfiguration'],
  ['legal-hold', 'LegalHold'],
  ['lifecycle', 'LifecycleConfiguration'],
  ['location', 'Location'],
  ['logging', 'Logging'],
  ['metrics', 'MetricsConfiguration'],
  ['notification', 'NotificationConfiguration'],
  ['object-lock', 'ObjectLockConfiguration'],
  ['ownershipControls', 'OwnershipControls'],
  ['policy', 'Policy'],
  ['policyStatus', 'PolicyStatus'],
  ['publicAccessBlock', 'PublicAccessBlock'],
  ['replication', 'Replication'],
  ['requestPayment', 'RequestPayment'],
  ['restore', 'Restore'],
  ['retention', 'Retention'],
  ['select', 'SelectContent'],
  ['tagging', 'Tagging'],
  ['torrent', 'Torrent'],
  ['versioning', 'Versioning'],
  ['website', 'Website'],
]);
const VERBS = new Map([
  ['GET', 'Get'],
  ['HEAD', 'Head'],
  ['PUT', 'Put'],
  ['POST', 'Post'],
  ['DELETE', 'Delete'],
]);

/** The call's name as AWS's API reference has it, whether it is offered here or not. */
export function operationOf(request: IncomingMessage, { bucket, key, query }: Address): string {
  const method = request.method ?? '';
  if (method === 'OPTIONS') return 'Preflight';
  const verb = VERBS.get(method);
  if (verb === undefined) return method;
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : `${verb}Service`;
  const kind = key === '' ? 'Bucket' : 'Object';
  const subresource = [...query.keys()]
    .map((name) => SUBRESOURCES.get(name))
    .find((name) => name !== undefined);
  if (subresource !== undefined) return `${verb}${kind}${subresource}`;
  return (
    (key === '' ? bucketOperation(method, query) : objectOperation(method, request, query)) ?? verb + kind
  );
}

function bucketOperation(method: string, query: URLSearchParams): string | undefined {
  if (method === 'PUT') return 'CreateBucket';
  // Whatever its enclosure type: PostObject is the one to say that it must be another.
  if (method === 'POST') return query.has('delete') ? 'DeleteObjects' : 'PostObject';
  if (method !== 'GET') return undefined;
  if (query.has('uploads')) return 'ListMultipartUploads';
  if (query.has('versions')) return 'ListObjectVersions';
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
}

function objectOperation(
  method: string,
  request: IncomingMessage,
  query: URLSearchParams,
): string | undefined {
  const copies = request.headers['x-amz-copy-source'] !== undefined;
  if (method === 'PUT') {
    if (query.has('uploadId')) return copies ? 'UploadPartCopy' : 'UploadPart';
    return copies ? 'CopyObject' : 'PutObject';
  }
  if (method === 'POST') {
    if (query.has('uploads')) return 'CreateMultipartUpload';
    if (query.has('uploadId')) return 'CompleteMultipartUpload';
    // Forms go to a bucket; what goes to a key has no name in the reference.
    return method;
  }
  if (!query.has('uploadId')) return undefined;
  if (method === 'GET') return 'ListParts';
  return method === 'DELETE' ? 'AbortMultipartUpload' : undefined;
}
