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

const issuer: readonly CallOfRole[] = [
  { may: true, what: 'a form of its own', action: 's3:PutObject', on: uploaded, context: FORM },
  {
    may: true,
    what: 'a form, where S3 has no signature version or age of it for the policy',
    action: 's3:PutObject',
    on: uploaded,
    context: { 's3:authType': 'POST' },
  },
  {
    may: false,
    what: 'an upload without a form or URL',
    action: 's3:PutObject',
    on: uploaded,
    context: HEADER,
    refusedBy: 'UploadsOnlyByForm',
  },
  {
    may: false,
    what: 'a form that is good for weeks',
    action: 's3:PutObject',
    on: uploaded,
    context: { ...FORM, 's3:signatureAge': String(14 * 86_400_000) },
    refusedBy: 'UploadsOnlyWithYoungSignature',
  },
  {
    may: false,
    what: 'a form signed the old way',
    action: 's3:PutObject',
    on: uploaded,
    context: { ...FORM, 's3:signatureversion': 'AWS' },
    refusedBy: 'UploadsOnlyWithSignatureV4',
  },
  {
    may: false,
    what: 'a form over plain HTTP',
    action: 's3:PutObject',
    on: uploaded,
    context: { ...FORM, 'aws:SecureTransport': 'false' },
    refusedBy: 'OnlyTls',
  },
  {
    may: false,
    what: 'a form for accepted/',
    action: 's3:PutObject',
    on: accepted,
    context: FORM,
    refusedBy: 'AcceptedOnlyByAcceptor',
  },
  { may: false, what: 'a form for another prefix', action: 's3:PutObject', on: elsewhere, context: FORM },
  { may: false, what: 'a form for another bucket', action: 's3:PutObject', on: otherBucket, context: FORM },
  {
    may: false,
    what: 'a PUT over what is there',
    action: 's3:PutObject',
    on: uploaded,
    context: URL,
    refusedBy: 'PresignedPutOnlyIfNoneMatch',
  },
  { may: true, what: 'a PUT of something new', action: 's3:PutObject', on: uploaded, context: URL_ONCE },
  { may: false, what: 'to read an upload', action: 's3:GetObject', on: uploaded },
  { may: false, what: 'to read a version', action: 's3:GetObjectVersion', on: uploaded },
  { may: false, what: 'to read what was accepted', action: 's3:GetObject', on: accepted },
  { may: false, what: 'to delete an upload', action: 's3:DeleteObject', on: uploaded },
  { may: false, what: 'to delete a version', action: 's3:DeleteObjectVersion', on: uploaded },
  { may: false, what: 'to delete what was accepted', action: 's3:DeleteObjectVersion', on: accepted },
  { may: false, what: 'to list objects', action: 's3:ListBucket', on: bucket },
  { may: false, what: 'to list versions', action: 's3:ListBucketVersions', on: bucket },
  { may: false, what: 'to make an upload public', action: 's3:PutObjectAcl', on: uploaded, context: FORM },
  { may: false, what: 'to tag an upload', action: 's3:PutObjectTagging', on: uploaded, context: FORM },
  { may: false, what: 'to replicate into uploads/', action: 's3:ReplicateObject', on: uploaded },
  ...ofCode(uploadsCalls['url-issuer'], uploads),
  ...whatEachCould,
  ...notNaming('UpdateItem', 'versionId', 'acceptedVersionId', 'apiKeyId', 'constraints'),
  ...notNaming('PutItem', 'versionId', 'claimedAt', 'acceptedVersionId'),
  naming('UpdateItem', 'to claim a version of its choice', 'state', 'versionId', 'eTag', 'sizeBytes'),
  { may: false, what: 'to write an upload, naming nothing', action: 'dynamodb:UpdateItem', on: uploads },
  { may: false, what: 'to forget an upload', action: 'dynamodb:DeleteItem', on: uploads },
  {
    may: false,
    what: 'to forget uploads together',
    action: 'dynamodb:BatchWriteItem',
    on: uploads,
    context: { 'dynamodb:Attributes': ['FullFilename', 'item'] },
  },
  { may: false, what: 'to read all uploads', action: 'dynamodb:Scan', on: uploads },
  ...ofCode(accessCalls, access),
  { may: false, what: 'to read all keys', action: 'dynamodb:Scan', on: access },
  { may: false, what: 'to look for keys', action: 'dynamodb:Query', on: access },
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
  {
    may: false,
    what: 'to write to the key table without naming a key',
    action: 'dynamodb:PutItem',
    on: access,
  },
  { may: false, what: 'to take events', action: 'sqs:ReceiveMessage', on: uploadEvents },
  { may: false, what: 'to make events up', action: 'sqs:SendMessage', on: uploadEvents },
  { may: false, what: 'to make reports up', action: 'sqs:SendMessage', on: uploadReports },
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
  { may: true, what: 'to report', action: 'sqs:SendMessage', on: uploadReports },
  { may: false, what: 'to read reports', action: 'sqs:ReceiveMessage', on: uploadReports },
  { may: false, what: 'to take reports away', action: 'sqs:DeleteMessage', on: uploadReports },
];

const acceptor: readonly CallOfRole[] = [
  { may: true, what: 'to read the claimed version', action: 's3:GetObjectVersion', on: uploaded },
  { may: true, what: 'to read its tags', action: 's3:GetObjectVersionTagging', on: uploaded },
  { may: true, what: 'to delete the claimed version', action: 's3:DeleteObjectVersion', on: uploaded },
  { may: true, what: 'to copy to accepted/', action: 's3:PutObject', on: accepted, context: HEADER },
  { may: true, what: 'to look what is there already', action: 's3:GetObject', on: accepted },
  { may: true, what: 'to have its bytes compared', action: 's3:GetObjectVersion', on: accepted },
  { may: false, what: 'to read what is not a claimed version', action: 's3:GetObject', on: uploaded },
  { may: false, what: 'to read elsewhere', action: 's3:GetObject', on: elsewhere },
  { may: true, what: 'to tag its copy', action: 's3:PutObjectTagging', on: accepted },
  { may: true, what: 'to give up a copy in parts', action: 's3:AbortMultipartUpload', on: accepted },
  {
    may: true,
    what: 'to list the versions of an upload',
    action: 's3:ListBucketVersions',
    on: bucket,
    context: { 's3:prefix': 'uploads/a-file' },
  },
  {
    may: false,
    what: 'to list the versions under accepted/',
    action: 's3:ListBucketVersions',
    on: bucket,
    context: { 's3:prefix': 'accepted/' },
  },
  { may: false, what: 'to list all versions', action: 's3:ListBucketVersions', on: bucket },
  ...toList('uploads/', 'accepted/'),
  {
    may: false,
    what: 'to upload',
    action: 's3:PutObject',
    on: uploaded,
    context: HEADER,
    refusedBy: 'UploadsOnlyByForm',
  },
  { may: false, what: 'to make a form', action: 's3:PutObject', on: uploaded, context: FORM },
  {
    may: false,
    what: 'to copy over plain HTTP',
    action: 's3:PutObject',
    on: accepted,
    context: { ...HEADER, 'aws:SecureTransport': 'false' },
    refusedBy: 'OnlyTls',
  },
  { may: false, what: 'to write elsewhere', action: 's3:PutObject', on: elsewhere, context: HEADER },
  { may: false, what: 'to delete what was accepted', action: 's3:DeleteObject', on: accepted },
  { may: false, what: 'to delete a version of it', action: 's3:DeleteObjectVersion', on: accepted },
  { may: false, what: 'to make it public', action: 's3:PutObjectAcl', on: accepted },
  { may: true, what: 'to take its events', action: 'sqs:ReceiveMessage', on: uploadEvents },
  { may: true, what: 'to acknowledge them', action: 'sqs:DeleteMessage', on: uploadEvents },
  ...toReport,
  { may: false, what: 'to take the processor’s', action: 'sqs:ReceiveMessage', on: acceptedEvents },
  { may: false, what: 'to take dead letters', action: 'sqs:ReceiveMessage', on: deadLetters },
  { may: true, what: 'to send its events again', action: 'sqs:SendMessage', on: uploadEvents },
  { may: false, what: 'to make events up for the processor', action: 'sqs:SendMessage', on: acceptedEvents },
  { may: false, what: 'to make dead letters up', action: 'sqs:SendMessage', on: deadLetters },
  ...ofCode(uploadsCalls.acceptor, uploads),
  ...whatEachCould,
  ...notNaming('PutItem', 'state', 'apiKeyId', 'constraints'),
  ...notNaming('UpdateItem', 'apiKeyId', 'constraints', 'metadata', 'leaseOwner'),
  { may: false, what: 'to write an upload, naming nothing', action: 'dynamodb:PutItem', on: uploads },
  { may: false, what: 'to forget an upload', action: 'dynamodb:DeleteItem', on: uploads },
  { may: false, what: 'to read keys', action: 'dynamodb:GetItem', on: access },
];

const processor: readonly CallOfRole[] = [
  { may: true, what: 'to read what was accepted', action: 's3:GetObjectVersion', on: accepted },
  { may: false, what: 'to delete what was accepted', action: 's3:DeleteObject', on: accepted },
  { may: false, what: 'to delete a version of it', action: 's3:DeleteObjectVersion', on: accepted },
  ...toList('accepted/'),
  {
    may: false,
    what: 'to write to accepted/',
    action: 's3:PutObject',
    on: accepted,
    context: HEADER,
    refusedBy: 'AcceptedOnlyByAcceptor',
  },
  {
    may: false,
    what: 'to upload',
    action: 's3:PutObject',
    on: uploaded,
    context: HEADER,
    refusedBy: 'UploadsOnlyByForm',
  },
  { may: false, what: 'to read uploads', action: 's3:GetObjectVersion', on: uploaded },
  { may: false, what: 'to delete uploads', action: 's3:DeleteObjectVersion', on: uploaded },
  { may: true, what: 'to take its events', action: 'sqs:ReceiveMessage', on: acceptedEvents },
  { may: false, what: 'to take the acceptor’s', action: 'sqs:ReceiveMessage', on: uploadEvents },
  { may: true, what: 'to send its events again', action: 'sqs:SendMessage', on: acceptedEvents },
  { may: false, what: 'to make events up for the acceptor', action: 'sqs:SendMessage', on: uploadEvents },
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
  { may: false, what: 'to write an upload, naming nothing', action: 'dynamodb:PutItem', on: uploads },
  { may: false, what: 'to forget an upload', action: 'dynamodb:DeleteItem', on: uploads },
  { may: false, what: 'to read keys', action: 'dynamodb:GetItem', on: access },
];

/** Bucket access is more than the services have: what the bucket itself still refuses, and what it does not. */
const administrator: readonly CallOfRole[] = [
  {
    may: false,
    what: 'to upload without a form or URL',
    action: 's3:PutObject',
    on: uploaded,
    context: HEADER,
    refusedBy: 'UploadsOnlyByForm',
  },
  {
    may: false,
    what: 'to put something in the place of what was accepted',
    action: 's3:PutObject',
    on: accepted,
    context: HEADER,
    refusedBy: 'AcceptedOnlyByAcceptor',
  },
  {
    may: false,
    what: 'to replicate into accepted/',
    action: 's3:ReplicateObject',
    on: accepted,
    refusedBy: 'AcceptedOnlyByAcceptor',
  },
  {
    may: false,
    what: 'to replicate into uploads/',
    action: 's3:ReplicateObject',
    on: uploaded,
    refusedBy: 'UploadsNotByReplication',
  },
  {
    may: false,
    what: 'to read over plain HTTP',
    action: 's3:GetObject',
    on: accepted,
    context: { 'aws:SecureTransport': 'false' },
    refusedBy: 'OnlyTls',
  },
  {
    may: false,
    what: 'to put a delete marker over an upload',
    action: 's3:DeleteObject',
    on: uploaded,
    refusedBy: 'UploadsNeverCovered',
  },
  {
    may: false,
    what: 'to replicate a delete marker into uploads/',
    action: 's3:ReplicateDelete',
    on: uploaded,
    refusedBy: 'UploadsNeverCovered',
  },
  {
    may: false,
    what: 'to delete an upload',
    action: 's3:DeleteObjectVersion',
    on: uploaded,
    refusedBy: 'UploadsRemovedOnlyByAcceptor',
  },
  { may: true, what: 'to read', action: 's3:GetObject', on: accepted },
  { may: true, what: 'to delete', action: 's3:DeleteObjectVersion', on: accepted },
  { may: true, what: 'to change the bucket’s policy', action: 's3:PutBucketPolicy', on: bucket },
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
