import type { Installation } from '../moto/stack.ts';
import { uploadsCalls } from './calls-of-services.ts';
import {
  accepted,
  acceptedEvents,
  access,
  bucket,
  type Caller,
  type CallOfRole,
  neverAllowed,
  ofCode,
  type TriedCall,
  uploadEvents,
  uploaded,
  uploadReports,
  uploads,
} from './role-calls.ts';

// What the roles may where there are webhooks, with download URLs, beyond what they may without.

const queue = ({ queues }: Installation) => queues.webhooks?.arn ?? '';
const deadLetters = ({ queues }: Installation) => queues.webhooks_dead_letter?.arn ?? '';

const sender: readonly CallOfRole[] = [
  { may: true, what: 'to take its events', action: 'sqs:ReceiveMessage', on: queue },
  { may: true, what: 'to acknowledge them', action: 'sqs:DeleteMessage', on: queue },
  { may: true, what: 'to hold them while it works', action: 'sqs:ChangeMessageVisibility', on: queue },
  { may: true, what: 'to send them again later', action: 'sqs:SendMessage', on: queue },
  { may: false, what: 'to make dead letters up', action: 'sqs:SendMessage', on: deadLetters },
  { may: false, what: 'to take dead letters', action: 'sqs:ReceiveMessage', on: deadLetters },
  { may: false, what: 'to take the acceptor’s', action: 'sqs:ReceiveMessage', on: uploadEvents },
  { may: false, what: 'to take the processor’s', action: 'sqs:ReceiveMessage', on: acceptedEvents },
  { may: false, what: 'to take reports', action: 'sqs:ReceiveMessage', on: uploadReports },
  { may: false, what: 'to make events up', action: 'sqs:SendMessage', on: uploadEvents },
  { may: false, what: 'to make accepted events up', action: 'sqs:SendMessage', on: acceptedEvents },
  { may: false, what: 'to make reports up', action: 'sqs:SendMessage', on: uploadReports },
  ...ofCode(uploadsCalls['webhook-sender'], uploads),
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'].map((call) => ({
    may: false,
    what: 'to write an item of an upload',
    action: `dynamodb:${call}`,
    on: uploads,
    context: { 'dynamodb:Attributes': ['FullFilename', 'item', 'deleteAt'] },
  })),
  { may: false, what: 'to read all uploads', action: 'dynamodb:Scan', on: uploads },
  { may: false, what: 'to look for uploads', action: 'dynamodb:Query', on: uploads },
  { may: false, what: 'to read keys', action: 'dynamodb:GetItem', on: access },
  { may: true, what: 'a URL of the accepted version', action: 's3:GetObjectVersion', on: accepted },
  { may: false, what: 'a URL of what is newest', action: 's3:GetObject', on: accepted },
  { may: false, what: 'a URL of an upload', action: 's3:GetObjectVersion', on: uploaded },
  { may: false, what: 'to delete what was accepted', action: 's3:DeleteObjectVersion', on: accepted },
  { may: false, what: 'to write to accepted/', action: 's3:PutObject', on: accepted },
  { may: false, what: 'to upload', action: 's3:PutObject', on: uploaded },
  { may: false, what: 'to list objects', action: 's3:ListBucket', on: bucket },
];

const feeds: readonly CallOfRole[] = [
  { may: true, what: 'to send what webhooks are made of', action: 'sqs:SendMessage', on: queue },
  { may: false, what: 'to take it', action: 'sqs:ReceiveMessage', on: queue },
  { may: false, what: 'to take it away', action: 'sqs:DeleteMessage', on: queue },
  { may: false, what: 'to make dead letters of webhooks up', action: 'sqs:SendMessage', on: deadLetters },
];

const issuer: readonly CallOfRole[] = [
  { may: false, what: 'to make webhooks up', action: 'sqs:SendMessage', on: queue },
  { may: false, what: 'to take webhooks', action: 'sqs:ReceiveMessage', on: queue },
];

const callers: Partial<Record<Caller, readonly CallOfRole[]>> = {
  'webhook-sender': sender,
  acceptor: feeds,
  processor: feeds,
  'url-issuer': issuer,
};

export const CALLS_WITH_WEBHOOKS: readonly TriedCall[] = [
  ...Object.entries(callers).flatMap(([by, calls]) => calls.map((call) => ({ by: by as Caller, ...call }))),
  ...neverAllowed('webhook-sender'),
];
