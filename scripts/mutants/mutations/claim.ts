import type { Mutation } from '../mutation.ts';

const RECONCILE = 'services/acceptor/src/reconcile.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';
const S3_STORE = 'packages/uploads/src/s3/s3-object-store.ts';
const S3_STORE_TEST = 'packages/uploads/test/s3-object-store.test.ts';
const DYNAMODB_TABLE = 'packages/table/src/dynamodb-table.ts';
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
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P1: the oldest version is accepted, in whatever order the events come',
  },
  {
    id: 'link-signed-after-claim',
    change: 'the page of a link gets a URL after a file was claimed',
    breaks: 'P1: the source of an accepted PUT can be removed while its URL works',
    file: 'services/url-issuer/src/routes/u/sign-file.ts',
    find: '      assertOpen(presented);\n',
    replace: '',
    noticedIn: 'services/url-issuer/test/link-page.test.ts',
    noticedBy: 'each state of a link',
  },
  {
    id: 'list-newest-first',
    change: 'the first version that S3 lists is taken for the oldest',
    breaks: 'P1: what comes first in the list is the newest',
    file: S3_STORE,
    find: 'oldest = ofThisKey.at(-1) ?? oldest;',
    replace: 'oldest ??= ofThisKey[0];',
    noticedIn: S3_STORE_TEST,
    noticedBy:
      'the contract, by CopyObject > the oldest version of exactly this key is found, delete markers left out',
  },
  {
    id: 'list-one-page',
    change: 'only the first page of the versions is read',
    breaks: 'P1: the oldest version of many is not seen',
    file: 'packages/uploads/src/s3/s3-object-listing.ts',
    find: '} while (KeyMarker !== undefined);',
    replace: '} while (false);',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'P1: of more versions than fit into one page the oldest is found',
  },
  {
    id: 'list-unencoded',
    change: 'keys are listed as they are, not URL-encoded',
    breaks:
      'P3: the SDK misreads a character reference, and an upload whose name has an emoji is never claimed',
    file: 'packages/uploads/src/s3/s3-object-listing.ts',
    find: "EncodingType: 'url',",
    replace: '',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'the contract, by CopyObject > the oldest version of a key with an emoji is found',
  },
  {
    id: 'list-longer-keys',
    change: 'versions of longer keys with the same beginning count as well',
    breaks: 'P1: a version of another key can be claimed',
    file: S3_STORE,
    find: 'page.filter((version) => version.key === key)',
    replace: 'page.filter((version) => version.key !== undefined)',
    noticedIn: S3_STORE_TEST,
    noticedBy:
      'the contract, by CopyObject > the oldest version of exactly this key is found, delete markers left out',
  },
  {
    id: 'claimed-acknowledged',
    change: 'a duplicate’s event is acknowledged although what was claimed is not accepted yet',
    breaks:
      'P3: the worker that claimed dies, the claimed version’s own event is lost, and no worker continues',
    file: RECONCILE,
    find: 'throw new RetryLater(',
    replace: 'return void new RetryLater(',
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P3: no event is acknowledged while its key is CLAIMED, by this worker or another',
  },
  {
    id: 'stale-read',
    change: 'the item is read eventually consistent',
    breaks: 'P3: a fast client’s upload is taken for an orphan',
    file: DYNAMODB_TABLE,
    find: 'new GetItemCommand({ TableName, Key: attributesOf(key), ConsistentRead: true })',
    replace: 'new GetItemCommand({ TableName, Key: attributesOf(key), ConsistentRead: false })',
    noticedIn: DYNAMODB_STORE_TEST,
    noticedBy: 'P3: every read that decides is strongly consistent',
  },
  {
    id: 'stale-grouped-read',
    change: 'items that are read together are read eventually consistent',
    breaks: 'P3: a fast client’s upload is taken for an orphan',
    file: DYNAMODB_TABLE,
    find: '[TableName]: { Keys, ConsistentRead: true }',
    replace: '[TableName]: { Keys, ConsistentRead: false }',
    noticedIn: DYNAMODB_STORE_TEST,
    noticedBy: 'P3: every read that decides is strongly consistent',
  },
  {
    id: 'response-without-table',
    change: 'a response that has no items of the table counts as if there were none',
    breaks: 'P3: ten uploads at once are taken for orphans',
    file: DYNAMODB_TABLE,
    find: "if (!found && !unread) throw new Error('BatchGetItem responded without Responses of its table');",
    replace: '',
    noticedIn: 'packages/table/test/dynamodb-table.test.ts',
    noticedBy:
      'keys that the table had no capacity for are said, and a response without the table is an error',
  },
  {
    id: 'update-creates',
    change: 'an update makes an item where there is none',
    breaks: 'P5: what was never issued can be claimed',
    file: 'packages/table/src/expressions.ts',
    find: 'if (!change.orCreate) conditions.unshift(isThere);',
    replace: "if (conditions.length === 0) conditions.push('attribute_not_exists(nothing)');",
    noticedIn: DYNAMODB_STORE_TEST,
    noticedBy: 'the contract > a transition on a key that was never issued changes nothing',
  },
  {
    id: 'key-not-decoded',
    change: 'an event’s key is taken as it is written, URL-encoded',
    breaks: 'P3: a key with a blank or an umlaut is another one, and its upload an orphan',
    file: 'packages/queue/src/s3-event.ts',
    find: "return decodeURIComponent(value.replaceAll('+', ' '));",
    replace: 'return decodeURIComponent(value);',
    noticedIn: 'packages/queue/test/s3-event.test.ts',
    noticedBy: 'keys are URL-decoded',
  },
];
