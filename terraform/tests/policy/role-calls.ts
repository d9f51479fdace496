import type { Installation } from '../moto/stack.ts';
import { accessCalls, idempotencyCalls, quotaCalls, uploadsCalls } from './calls-of-services.ts';
import type { RecordedCall } from './recorded-calls.ts';

/** The caller: the role of a task, or a principal of the account whose own policies allow everything. */
export type Caller = 'url-issuer' | 'acceptor' | 'processor' | 'webhook-sender' | 'administrator';

/** A call that a role tries, and the decision that AWS must make. */
export interface TriedCall {
  readonly by: Caller;
  readonly may: boolean;
  /** The purpose of the call. */
  readonly what: string;
  readonly action: string;
  readonly on: (installation: Installation) => string;
  /** Beyond those that every call has. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The Sid of the statement that refuses, where it is not just that nothing allows it. */
  readonly refusedBy?: string;
}

/** Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys": how each way in is signed. */
const V4 = { 's3:signatureversion': 'AWS4-HMAC-SHA256', 's3:signatureAge': '5000' };
const FORM = { ...V4, 's3:authType': 'POST' };
const HEADER = { ...V4, 's3:authType': 'REST-HEADER' };
const URL = { ...V4, 's3:authType': 'REST-QUERY-STRING' };
const URL_ONCE = { ...URL, 's3:if-none-match': '*' };

export const bucket = ({ bucket }: Installation) => bucket.arn;
export const uploaded = ({ bucket }: Installation) => `${bucket.arn}/uploads/a-file`;
export const accepted = ({ bucket }: Installation) => `${bucket.arn}/accepted/a-file`;
const elsewhere = ({ bucket }: Installation) => `${bucket.arn}/elsewhere/a-file`;
const otherBucket = () => 'arn:aws:s3:::of-another/uploads/a-file';
export const uploads = ({ tables }: Installation) => tables.uploads.arn;
export const access = ({ tables }: Installation) => tables.access.arn;
export const uploadEvents = ({ queues }: Installation) => queues.upload_events.arn;
export const acceptedEvents = ({ queues }: Installation) => queues.accepted_events.arn;
export const uploadReports = ({ queues }: Installation) => queues.upload_reports.arn;
const deadLetters = ({ queues }: Installation) => queues.upload_events_dead_letter.arn;

export type CallOfRole = Omit<TriedCall, 'by'>;

/** What the code asks of a table: it has to be allowed. */
export const ofCode = (calls: readonly RecordedCall[], on: CallOfRole['on']): readonly CallOfRole[] =>
  calls.map(({ action, context }) => ({
    may: true,
    what: `what its code does to ${context['dynamodb:LeadingKeys']}, naming ${context['dynamodb:Attributes']}`,
    action,
    on,
    context,
  }));

const leadingKeyOf = (calls: readonly RecordedCall[]) =>
  calls.map(({ context }) => context['dynamodb:LeadingKeys'][0])[0] ?? '';
const COUNTER = leadingKeyOf(quotaCalls);
const REMEMBERED = leadingKeyOf(idempotencyCalls);

/** A write of the table of uploads that names these attributes beside its key. */
function naming(call: 'PutItem' | 'UpdateItem', what: string, ...attributes: string[]): CallOfRole {
  const context = { 'dynamodb:Attributes': ['FullFilename', 'item', ...attributes] };
  return { may: false, what, action: `dynamodb:${call}`, on: uploads, context };
}

/** Only the service that records the claimed version or the upload's owner can write these attributes. */
const notNaming = (call: 'PutItem' | 'UpdateItem', ...attributes: string[]) =>
  attributes.map((attribute) => naming(call, `to say ${attribute} of an upload`, attribute));

/** What SECURITY.md says that each role could do: IAM sees neither a value, nor which item of a partition it is. */
const whatEachCould: readonly CallOfRole[] = [
  { ...naming('UpdateItem', 'to have a record removed by TTL', 'deleteAt'), may: true },
  { ...naming('UpdateItem', 'to set an upload back to ISSUED', 'state'), may: true },
];

export const may = (
  what: string,
  action: string,
  on: CallOfRole['on'],
  context?: CallOfRole['context'],
): CallOfRole => ({ may: true, what, action, on, ...(context && { context }) });

/** What nothing allows. */
export const mayNot = (...call: Parameters<typeof may>): CallOfRole => ({ ...may(...call), may: false });

/** What a statement denies: its Sid comes first. */
const refused = (refusedBy: string, ...call: Parameters<typeof may>): CallOfRole => ({
  ...mayNot(...call),
  refusedBy,
});

const issuer: readonly CallOfRole[] = [
  may('a form of its own', 's3:PutObject', uploaded, FORM),
  may('a form, where S3 has no signature version or age of it for the policy', 's3:PutObject', uploaded, {
    's3:authType': 'POST',
  }),
  refused('UploadsOnlyByForm', 'an upload without a form or URL', 's3:PutObject', uploaded, HEADER),
  refused('UploadsOnlyWithYoungSignature', 'a form that is good for weeks', 's3:PutObject', uploaded, {
    ...FORM,
    's3:signatureAge': String(14 * 86_400_000),
  }),
  refused('UploadsOnlyWithSignatureV4', 'a form signed the old way', 's3:PutObject', uploaded, {
    ...FORM,
    's3:signatureversion': 'AWS',
  }),
  refused('OnlyTls', 'a form over plain HTTP', 's3:PutObject', uploaded, {
    ...FORM,
    'aws:SecureTransport': 'false',
  }),
  refused('AcceptedOnlyByAcceptor', 'a form for accepted/', 's3:PutObject', accepted, FORM),
  mayNot('a form for another prefix', 's3:PutObject', elsewhere, FORM),
  mayNot('a form for another bucket', 's3:PutObject', otherBucket, FORM),
  refused('PresignedPutOnlyIfNoneMatch', 'a PUT over what is there', 's3:PutObject', uploaded, URL),
  may('a PUT of something new', 's3:PutObject', uploaded, URL_ONCE),
  mayNot('to read an upload', 's3:GetObject', uploaded),
  mayNot('to read a version', 's3:GetObjectVersion', uploaded),
  mayNot('to read what was accepted', 's3:GetObject', accepted),
  mayNot('to delete an upload', 's3:DeleteObject', uploaded),
  mayNot('to delete a version', 's3:DeleteObjectVersion', uploaded),
  mayNot('to delete what was accepted', 's3:DeleteObjectVersion', accepted),
  mayNot('to list objects', 's3:ListBucket', bucket),
  mayNot('to list versions', 's3:ListBucketVersions', bucket),
  mayNot('to make an upload public', 's3:PutObjectAcl', uploaded, FORM),
  mayNot('to tag an upload', 's3:PutObjectTagging', uploaded, FORM),
  mayNot('to replicate into uploads/', 's3:ReplicateObject', uploaded),
  ...ofCode(uploadsCalls['url-issuer'], uploads),
  ...whatEachCould,
  ...notNaming('UpdateItem', 'versionId', 'acceptedVersionId', 'apiKeyId', 'constraints'),
  ...notNaming('PutItem', 'versionId', 'claimedAt', 'acceptedVersionId'),
  naming('UpdateItem', 'to claim a version of its choice', 'state', 'versionId', 'eTag', 'sizeBytes'),
  mayNot('to write an upload, naming nothing', 'dynamodb:UpdateItem', uploads),
  mayNot('to forget an upload', 'dynamodb:DeleteItem', uploads),
  mayNot('to forget uploads together', 'dynamodb:BatchWriteItem', uploads, {
    'dynamodb:Attributes': ['FullFilename', 'item'],
  }),
  mayNot('to read all uploads', 'dynamodb:Scan', uploads),
  ...ofCode(accessCalls, access),
  mayNot('to read all keys', 'dynamodb:Scan', access),
  mayNot('to look for keys', 'dynamodb:Query', access),
  ...['key#0123456789abcdef', 'secret#00'].flatMap((id) =>
    ['PutItem', 'UpdateItem', 'DeleteItem'].map((call) => ({
      may: false,
      what: `${call} of ${id.split('#')[0]}s`,
      action: `dynamodb:${call}`,
      on: access,
      context: { 'dynamodb:LeadingKeys': id },
    })),
  ),
  ...(
    [
      ['UpdateItem', COUNTER, true],
      ['PutItem', COUNTER, false],
      ['DeleteItem', COUNTER, false],
      ['PutItem', REMEMBERED, true],
      ['UpdateItem', REMEMBERED, false],
      ['DeleteItem', REMEMBERED, false],
    ] as const
  ).map(([call, id, may]) => ({
    may,
    what: `${call} of what begins with ${id.split('#')[0]}#`,
    action: `dynamodb:${call}`,
    on: access,
    context: { 'dynamodb:LeadingKeys': id },
  })),
  ...(
    [
      ['UpdateItem', [COUNTER, 'key#0123456789abcdef'], false],
      ['UpdateItem', [COUNTER, COUNTER], true],
      ['PutItem', [REMEMBERED, 'secret#00'], false],
      ['PutItem', [REMEMBERED, COUNTER], false],
    ] as const
  ).map(([call, ids, may]) => ({
    may,
    what: `${call} of ${ids.map((id) => `${id.split('#')[0]}#`).join(' and ')} at once`,
    action: `dynamodb:${call}`,
    on: access,
    context: { 'dynamodb:LeadingKeys': ids },
  })),
  mayNot('to write to the key table without naming a key', 'dynamodb:PutItem', access),
  mayNot('to take events', 'sqs:ReceiveMessage', uploadEvents),
  mayNot('to make events up', 'sqs:SendMessage', uploadEvents),
  mayNot('to make reports up', 'sqs:SendMessage', uploadReports),
];

/**
 * What S3 asks before it says of an object that it is missing, or of the bucket that it is there, is what it asks of a list
 * without a prefix: who gets the one gets the other.
 */
function toList(...prefixes: readonly string[]): readonly CallOfRole[] {
  const list = { action: 's3:ListBucket', on: bucket };
  return [
    { ...list, may: true, what: 'to ask for the bucket' },
    { ...list, may: true, what: 'to list everything, without a prefix' },
    ...['uploads/', 'accepted/', 'elsewhere/', ''].map((prefix) => ({
      ...list,
      may: prefixes.includes(prefix),
      what: `to list what begins with “${prefix}”`,
      context: { 's3:prefix': prefix },
    })),
  ];
}

const toReport: readonly CallOfRole[] = [
  may('to report', 'sqs:SendMessage', uploadReports),
  mayNot('to read reports', 'sqs:ReceiveMessage', uploadReports),
  mayNot('to take reports away', 'sqs:DeleteMessage', uploadReports),
];

const acceptor: readonly CallOfRole[] = [
  may('to read the claimed version', 's3:GetObjectVersion', uploaded),
  may('to read its tags', 's3:GetObjectVersionTagging', uploaded),
  may('to delete the claimed version', 's3:DeleteObjectVersion', uploaded),
  may('to copy to accepted/', 's3:PutObject', accepted, HEADER),
  may('to look what is there already', 's3:GetObject', accepted),
  may('to have its bytes compared', 's3:GetObjectVersion', accepted),
  mayNot('to read what is not a claimed version', 's3:GetObject', uploaded),
  mayNot('to read elsewhere', 's3:GetObject', elsewhere),
  may('to tag its copy', 's3:PutObjectTagging', accepted),
  may('to give up a copy in parts', 's3:AbortMultipartUpload', accepted),
  may('to list the versions of an upload', 's3:ListBucketVersions', bucket, {
    's3:prefix': 'uploads/a-file',
  }),
  mayNot('to list the versions under accepted/', 's3:ListBucketVersions', bucket, {
    's3:prefix': 'accepted/',
  }),
  mayNot('to list all versions', 's3:ListBucketVersions', bucket),
  ...toList('uploads/', 'accepted/'),
  refused('UploadsOnlyByForm', 'to upload', 's3:PutObject', uploaded, HEADER),
  mayNot('to make a form', 's3:PutObject', uploaded, FORM),
  refused('OnlyTls', 'to copy over plain HTTP', 's3:PutObject', accepted, {
    ...HEADER,
    'aws:SecureTransport': 'false',
  }),
  mayNot('to write elsewhere', 's3:PutObject', elsewhere, HEADER),
  mayNot('to delete what was accepted', 's3:DeleteObject', accepted),
  mayNot('to delete a version of it', 's3:DeleteObjectVersion', accepted),
  mayNot('to make it public', 's3:PutObjectAcl', accepted),
  may('to take its events', 'sqs:ReceiveMessage', uploadEvents),
  may('to acknowledge them', 'sqs:DeleteMessage', uploadEvents),
  ...toReport,
  mayNot('to take the processor’s', 'sqs:ReceiveMessage', acceptedEvents),
  mayNot('to take dead letters', 'sqs:ReceiveMessage', deadLetters),
  may('to send its events again', 'sqs:SendMessage', uploadEvents),
  mayNot('to make events up for the processor', 'sqs:SendMessage', acceptedEvents),
  mayNot('to make dead letters up', 'sqs:SendMessage', deadLetters),
  ...ofCode(uploadsCalls.acceptor, uploads),
  ...whatEachCould,
  ...notNaming('PutItem', 'state', 'apiKeyId', 'constraints'),
  ...notNaming('UpdateItem', 'apiKeyId', 'constraints', 'metadata', 'leaseOwner'),
  mayNot('to write an upload, naming nothing', 'dynamodb:PutItem', uploads),
  mayNot('to forget an upload', 'dynamodb:DeleteItem', uploads),
  mayNot('to read keys', 'dynamodb:GetItem', access),
];

const processor: readonly CallOfRole[] = [
  may('to read what was accepted', 's3:GetObjectVersion', accepted),
  mayNot('to delete what was accepted', 's3:DeleteObject', accepted),
  mayNot('to delete a version of it', 's3:DeleteObjectVersion', accepted),
  ...toList('accepted/'),
  refused('AcceptedOnlyByAcceptor', 'to write to accepted/', 's3:PutObject', accepted, HEADER),
  refused('UploadsOnlyByForm', 'to upload', 's3:PutObject', uploaded, HEADER),
  mayNot('to read uploads', 's3:GetObjectVersion', uploaded),
  mayNot('to delete uploads', 's3:DeleteObjectVersion', uploaded),
  may('to take its events', 'sqs:ReceiveMessage', acceptedEvents),
  mayNot('to take the acceptor’s', 'sqs:ReceiveMessage', uploadEvents),
  may('to send its events again', 'sqs:SendMessage', acceptedEvents),
  mayNot('to make events up for the acceptor', 'sqs:SendMessage', uploadEvents),
  ...toReport,
  ...ofCode(uploadsCalls.processor, uploads),
  ...whatEachCould,
  naming('PutItem', 'to record an upload', 'state', 'apiKeyId', 'issuedAt', 'expiresAt', 'constraints'),
  // No record is a claim without claimedAt: packages/uploads/src/domain/item.ts.
  ...notNaming('PutItem', 'state', 'apiKeyId', 'constraints', 'claimedAt'),
  ...notNaming(
    'UpdateItem',
    'versionId',
    'claimedAt',
    'acceptedVersionId',
    'acceptedAt',
    'filename',
    'apiKeyId',
    'constraints',
    'metadata',
  ),
  mayNot('to write an upload, naming nothing', 'dynamodb:PutItem', uploads),
  mayNot('to forget an upload', 'dynamodb:DeleteItem', uploads),
  mayNot('to read keys', 'dynamodb:GetItem', access),
];

/** Bucket access is more than the services have: what the bucket itself still refuses, and what it does not. */
const administrator: readonly CallOfRole[] = [
  refused('UploadsOnlyByForm', 'to upload without a form or URL', 's3:PutObject', uploaded, HEADER),
  refused(
    'AcceptedOnlyByAcceptor',
    'to put something in the place of what was accepted',
    's3:PutObject',
    accepted,
    HEADER,
  ),
  refused('AcceptedOnlyByAcceptor', 'to replicate into accepted/', 's3:ReplicateObject', accepted),
  refused('UploadsNotByReplication', 'to replicate into uploads/', 's3:ReplicateObject', uploaded),
  refused('OnlyTls', 'to read over plain HTTP', 's3:GetObject', accepted, { 'aws:SecureTransport': 'false' }),
  refused('UploadsNeverCovered', 'to put a delete marker over an upload', 's3:DeleteObject', uploaded),
  refused(
    'UploadsNeverCovered',
    'to replicate a delete marker into uploads/',
    's3:ReplicateDelete',
    uploaded,
  ),
  refused('UploadsRemovedOnlyByAcceptor', 'to delete an upload', 's3:DeleteObjectVersion', uploaded),
  may('to read', 's3:GetObject', accepted),
  may('to delete', 's3:DeleteObjectVersion', accepted),
  may('to change the bucket’s policy', 's3:PutBucketPolicy', bucket),
];

/** Actions that no service needs, on any resource. */
const NEVER_ALLOWED = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutBucketPolicy',
  's3:PutBucketVersioning',
  's3:PutBucketNotification',
  's3:PutLifecycleConfiguration',
  's3:PutReplicationConfiguration',
  's3:BypassGovernanceRetention',
  'dynamodb:DeleteTable',
  'sqs:PurgeQueue',
  'sqs:SetQueueAttributes',
  'iam:PassRole',
  'iam:PutRolePolicy',
  'sts:AssumeRole',
  'ecs:RunTask',
  'ecs:ExecuteCommand',
] as const;
const ANYWHERE = [
  bucket,
  uploaded,
  accepted,
  uploads,
  access,
  uploadEvents,
  acceptedEvents,
  uploadReports,
  () => '*',
];

const services = { 'url-issuer': issuer, acceptor, processor } as const;

/** What is allowed or denied for an object's key holds for one with a shard. */
function withSharded(call: CallOfRole): readonly CallOfRole[] {
  if (call.on !== uploaded && call.on !== accepted) return [call];
  const { on } = call;
  const onSharded = (installation: Installation) => on(installation).replace('/a-file', '/k/a-file');
  return [call, { ...call, what: `${call.what}, with a shard`, on: onSharded }];
}

export const TRIED_CALLS: readonly TriedCall[] = [
  ...Object.entries({ ...services, administrator }).flatMap(([by, calls]) =>
    calls.flatMap((call) => withSharded(call).map((one) => ({ by: by as Caller, ...one }))),
  ),
  ...Object.keys(services).flatMap((by) => neverAllowed(by as Caller)),
];

export function neverAllowed(by: Caller): readonly TriedCall[] {
  return NEVER_ALLOWED.flatMap((action) =>
    ANYWHERE.map((on) => ({ by, may: false, what: `${action} anywhere`, action, on })),
  );
}
