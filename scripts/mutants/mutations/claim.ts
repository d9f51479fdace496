import type { Mutation } from '../mutation.ts';

const RECONCILE = 'services/acceptor/src/reconcile.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';
const SOLE_VERSION_TEST = 'services/acceptor/test/sole-version.test.ts';
const S3_STORE = 'packages/uploads/src/s3/s3-object-store.ts';
const S3_STORE_TEST = 'packages/uploads/test/s3-object-store.test.ts';
const DYNAMODB_TABLE = 'packages/table/src/dynamodb-table.ts';
const GROUPED_READS = 'packages/table/src/grouped-reads.ts';
const GROUPED_READS_TEST = 'packages/table/test/grouped-reads.test.ts';
const DYNAMODB_STORE_TEST = 'packages/uploads/test/dynamodb-upload-store.test.ts';

/** Which version is the upload, and whether there is one. */
export const claimMutations: readonly Mutation[] = [
  {
    id: 'claim-newest',
    change: 'the newest version is claimed',
    breaks: 'P1: a later upload is accepted over the first',
    file: RECONCILE,
    find: 'const oldest = await objects.oldestVersion(event.key);',
    replace: 'const oldest = await objects.head(event.key);',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P1: the oldest version is accepted, in whatever order the events come',
    },
  },
  {
    id: 'claimed-unlisted-anywhere',
    change: 'a presigned PUT is claimed without a list, though its upload can be covered',
    breaks: 'P1: a later PUT is accepted over the first, which a delete marker covers',
    file: RECONCILE,
    find: 'if (uploadsProtected && isSoleVersion(event, upload)) return event;',
    replace: 'if (isSoleVersion(event, upload)) return event;',
    noticedBy: {
      file: SOLE_VERSION_TEST,
      test: 'P1: without protection a presigned PUT that covers an earlier one is never claimed',
    },
  },
  {
    id: 'link-signed-after-claim',
    change: 'the page of a link gets a URL after a file was claimed',
    breaks: 'P1: the source of an accepted PUT can be removed while its URL works',
    file: 'services/url-issuer/src/routes/u/sign-file.ts',
    find: '      assertOpen(presented);\n',
    replace: '',
    noticedBy: { file: 'services/url-issuer/test/link-page.test.ts', test: 'each state of a link' },
  },
  {
    id: 'list-newest-first',
    change: 'the first version that S3 lists is taken for the oldest',
    breaks: 'P1: what comes first in the list is the newest',
    file: S3_STORE,
    find: 'oldest = ofThisKey.at(-1) ?? oldest;',
    replace: 'oldest ??= ofThisKey[0];',
    noticedBy: {
      file: S3_STORE_TEST,
      test: 'the contract, by CopyObject > the oldest version of exactly this key is found, delete markers left out',
    },
  },
  {
    id: 'list-one-page',
    change: 'only the first page of the versions is read',
    breaks: 'P1: the oldest version of many is not seen',
    file: 'packages/uploads/src/s3/s3-object-listing.ts',
    find: '} while (KeyMarker !== undefined);',
    replace: '} while (false);',
    noticedBy: {
      file: S3_STORE_TEST,
      test: 'P1: of more versions than fit into one page the oldest is found',
    },
  },
  {
    id: 'list-unencoded',
    change: 'keys are listed as they are, not URL-encoded',
    breaks:
      'P3: the SDK misreads a character reference, and an upload whose name has an emoji is never claimed',
    file: 'packages/uploads/src/s3/s3-object-listing.ts',
    find: "EncodingType: 'url',",
    replace: '',
    noticedBy: {
      file: S3_STORE_TEST,
      test: 'the contract, by CopyObject > the oldest version of a key with an emoji is found',
    },
  },
  {
    id: 'list-longer-keys',
    change: 'versions of longer keys with the same beginning count as well',
    breaks: 'P1: a version of another key can be claimed',
    file: S3_STORE,
    find: 'page.filter((version) => version.key === key)',
    replace: 'page.filter((version) => version.key !== undefined)',
    noticedBy: {
      file: S3_STORE_TEST,
      test: 'the contract, by CopyObject > the oldest version of exactly this key is found, delete markers left out',
    },
  },
  {
    id: 'winner-stops',
    change:
      'the worker that wins the claim does not continue at once, unless it holds the claimed version’s own event',
    breaks: 'P3: an upload whose own event is late or lost waits for another receive, which may never come',
    file: RECONCILE,
    find: '!wonTheClaim && !isTheUpload &&',
    replace: '!isTheUpload &&',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P3: the winner of the claim goes on for the claimed version, though it holds another event',
    },
  },
  {
    id: 'claimed-acknowledged',
    change: 'a duplicate’s event is acknowledged although what was claimed is not accepted yet',
    breaks:
      'P3: the worker that claimed dies, the claimed version’s own event is lost, and no worker continues',
    file: RECONCILE,
    find: 'throw new RetryLater(',
    replace: 'return void new RetryLater(',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P3: no event is acknowledged while its key is CLAIMED, by this worker or another',
    },
  },
  {
    id: 'stale-read',
    change: 'the item is read eventually consistent',
    breaks: 'P3: a fast client’s upload is taken for an orphan',
    file: DYNAMODB_TABLE,
    find: 'new GetItemCommand({ TableName, Key: attributesOf(key), ConsistentRead: true })',
    replace: 'new GetItemCommand({ TableName, Key: attributesOf(key), ConsistentRead: false })',
    noticedBy: { file: DYNAMODB_STORE_TEST, test: 'P3: every read that decides is strongly consistent' },
  },
  {
    id: 'stale-grouped-read',
    change: 'items that are read together are read eventually consistent',
    breaks: 'P3: a fast client’s upload is taken for an orphan',
    file: DYNAMODB_TABLE,
    find: '[TableName]: { Keys, ConsistentRead: true }',
    replace: '[TableName]: { Keys, ConsistentRead: false }',
    noticedBy: { file: DYNAMODB_STORE_TEST, test: 'P3: every read that decides is strongly consistent' },
  },
  {
    id: 'unread-is-missing',
    change: 'an item that the table had no capacity for counts as none',
    breaks: 'P3: an upload is taken for an orphan on a busy table',
    file: GROUPED_READS,
    find: 'const isUnread = ({ key }: Read<Key, Item>) => places.has(placeOf(key));',
    replace: 'const isUnread = (_: unknown) => false && places.size > 0;',
    noticedBy: {
      file: GROUPED_READS_TEST,
      test: 'no item is taken for missing because the table had no capacity for it',
    },
  },
  {
    id: 'response-without-table',
    change: 'a response that has no items of the table counts as if there were none',
    breaks: 'P3: ten uploads at once are taken for orphans',
    file: DYNAMODB_TABLE,
    find: "if (!found && !unread) throw new Error('BatchGetItem responded without Responses of its table');",
    replace: '',
    noticedBy: {
      file: 'packages/table/test/dynamodb-table.test.ts',
      test: 'keys that the table had no capacity for are said, and a response without the table is an error',
    },
  },
  {
    id: 'failed-read-hangs',
    change: 'a failed call for many reads rejects none of them',
    breaks: 'P8: their messages keep their slots, and the uploads behind them wait',
    file: GROUPED_READS,
    find: 'for (const { readers } of unread) for (const { reject } of readers) reject(error);',
    replace: 'void error;',
    noticedBy: {
      file: GROUPED_READS_TEST,
      test: 'a call that fails fails what is in it, and nothing else',
    },
  },
  {
    id: 'reads-forget-sort-key',
    change: 'two items of one partition that are read together are taken for one',
    breaks: 'P4: the record of a version is read as the upload',
    file: GROUPED_READS,
    find: "return JSON.stringify([attributes[partitionKey], attributes['item']]);",
    replace: 'return JSON.stringify([attributes[partitionKey]]);',
    noticedBy: {
      file: GROUPED_READS_TEST,
      test: 'a key is read once for all who ask for it, and each gets an item of its own',
    },
  },
  {
    id: 'update-creates',
    change: 'an update makes an item where there is none',
    breaks: 'P5: what was never issued can be claimed',
    file: 'packages/table/src/expressions.ts',
    find: 'if (!change.orCreate) conditions.unshift(isThere);',
    replace: "if (conditions.length === 0) conditions.push('attribute_not_exists(nothing)');",
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'the contract > a transition on a key that was never issued changes nothing',
    },
  },
  {
    id: 'token-unknown',
    change: 'a writer does not know its own token again',
    breaks: 'P3: a claim whose response was lost belongs to no worker, and none continues',
    file: 'packages/uploads/src/domain/table-upload-store.ts',
    find: 'if (found && (isWritten || found.writer === writer))',
    replace: 'if (found && isWritten)',
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'P3: a write whose response was lost recognises itself when it is sent again',
    },
  },
  {
    id: 'revoked-accepted',
    change: 'an upload that is revoked stays ISSUED',
    breaks: 'P5: what was revoked is accepted',
    file: 'packages/uploads/src/domain/transitions.ts',
    find: 'set: { state: UploadState.revoked, revokedAt',
    replace: 'set: { revokedAt',
    noticedBy: { file: RECONCILE_TEST, test: 'P5: revoked between read and claim is refused too' },
  },
  {
    id: 'record-retention-not-renewed',
    change: 'a transition does not put the deletion of the item off',
    breaks: 'P4: a late event finds no item, and a duplicate is taken for an orphan',
    file: 'packages/uploads/src/domain/table-upload-store.ts',
    find: 'set: { ...change.set, deleteAt: uploadDeleteAt(), writer } };',
    replace: 'set: { ...change.set, writer } };',
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'the item is stored under the documented names, and its deletion is put off by each transition',
    },
  },
  {
    id: 'key-not-decoded',
    change: 'an event’s key is taken as it is written, URL-encoded',
    breaks: 'P3: a key with a blank or an umlaut is another one, and its upload an orphan',
    file: 'packages/queue/src/s3-event.ts',
    find: "return decodeURIComponent(value.replaceAll('+', ' '));",
    replace: 'return decodeURIComponent(value);',
    noticedBy: { file: 'packages/queue/test/s3-event.test.ts', test: 'keys are URL-decoded' },
  },
];
