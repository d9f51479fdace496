import type { Installation } from '../moto/stack.ts';
import { uploadsCalls } from './calls-of-services.ts';
import {
  accepted,
  acceptedEvents,
  access,
  bucket,
  type Caller,
  type CallOfRole,
  may,
  mayNot,
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
  may('to take its events', 'sqs:ReceiveMessage', queue),
  may('to acknowledge them', 'sqs:DeleteMessage', queue),
  may('to hold them while it works', 'sqs:ChangeMessageVisibility', queue),
  may('to send them again later', 'sqs:SendMessage', queue),
  mayNot('to make dead letters up', 'sqs:SendMessage', deadLetters),
  mayNot('to take dead letters', 'sqs:ReceiveMessage', deadLetters),
  mayNot('to take the acceptor’s', 'sqs:ReceiveMessage', uploadEvents),
  mayNot('to take the processor’s', 'sqs:ReceiveMessage', acceptedEvents),
  mayNot('to take reports', 'sqs:ReceiveMessage', uploadReports),
  mayNot('to make events up', 'sqs:SendMessage', uploadEvents),
  mayNot('to make accepted events up', 'sqs:SendMessage', acceptedEvents),
  mayNot('to make reports up', 'sqs:SendMessage', uploadReports),
  ...ofCode(uploadsCalls['webhook-sender'], uploads),
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'].map((call) => ({
    may: false,
    what: 'to write an item of an upload',
    action: `dynamodb:${call}`,
    on: uploads,
    context: { 'dynamodb:Attributes': ['FullFilename', 'item', 'deleteAt'] },
  })),
  mayNot('to read all uploads', 'dynamodb:Scan', uploads),
  mayNot('to look for uploads', 'dynamodb:Query', uploads),
  mayNot('to read keys', 'dynamodb:GetItem', access),
  may('a URL of the accepted version', 's3:GetObjectVersion', accepted),
  mayNot('a URL of what is newest', 's3:GetObject', accepted),
  mayNot('a URL of an upload', 's3:GetObjectVersion', uploaded),
  mayNot('to delete what was accepted', 's3:DeleteObjectVersion', accepted),
  mayNot('to write to accepted/', 's3:PutObject', accepted),
  mayNot('to upload', 's3:PutObject', uploaded),
  mayNot('to list objects', 's3:ListBucket', bucket),
];

const feeds: readonly CallOfRole[] = [
  may('to send what webhooks are made of', 'sqs:SendMessage', queue),
  mayNot('to take it', 'sqs:ReceiveMessage', queue),
  mayNot('to take it away', 'sqs:DeleteMessage', queue),
  mayNot('to make dead letters of webhooks up', 'sqs:SendMessage', deadLetters),
];

const issuer: readonly CallOfRole[] = [
  mayNot('to make webhooks up', 'sqs:SendMessage', queue),
  mayNot('to take webhooks', 'sqs:ReceiveMessage', queue),
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
