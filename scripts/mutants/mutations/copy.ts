import type { Mutation } from '../mutation.ts';

const ACCEPT = 'services/acceptor/src/accept-claimed.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';
const S3_STORE = 'packages/uploads/src/s3/s3-object-store.ts';
const S3_MULTIPART = 'packages/uploads/src/s3/s3-multipart-copy.ts';
const PART_RANGES = 'packages/uploads/src/s3/part-ranges.ts';
const FIND_COPY = 'services/acceptor/src/find-earlier-copy.ts';
const FIND_COPY_TEST = 'services/acceptor/test/earlier-copy.test.ts';
const COMPARE = 'packages/uploads/src/domain/compare-versions.ts';
const S3_STORE_TEST = 'packages/uploads/test/s3-object-store.test.ts';
const S3_RESPONSES_TEST = 'packages/uploads/test/s3-responses.test.ts';

/** The way of the claimed version to accepted/. */
export const copyMutations: readonly Mutation[] = [
  {
    id: 'copy-over',
    change: 'CopyObject without `If-None-Match`',
    breaks: 'P2: a worker that wakes up puts another version over the accepted one',
    file: S3_STORE,
    find: "        IfNoneMatch: '*',\n",
    replace: '',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'the contract, by CopyObject > a copy never replaces what is there',
  },
  {
    id: 'parts-over',
    change: 'CompleteMultipartUpload without `If-None-Match`',
    breaks: 'P2: the same for a large upload',
    file: S3_MULTIPART,
    find: "        IfNoneMatch: '*',\n",
    replace: '',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'a copy in parts that another overtakes never replaces it, and leaves no parts behind',
  },
  {
    id: 'copy-newest',
    change: 'the copy’s source is named without its version',
    breaks: 'P2: a later upload’s bytes are accepted',
    file: 'packages/uploads/src/s3/s3-responses.ts',
    find: `?versionId=$\{encodeURIComponent(versionId)}`,
    replace: '',
    noticedIn: S3_STORE_TEST,
    noticedBy:
      'the contract, by CopyObject > a copy is exactly the version that was named, with its description',
  },
  {
    id: 'parts-lose-metadata',
    change: 'a copy in parts leaves the metadata behind',
    breaks: 'P2: metadata does not reach accepted/',
    file: S3_MULTIPART,
    find: '    Metadata: head.Metadata,\n',
    replace: '',
    noticedIn: S3_STORE_TEST,
    noticedBy:
      'the contract, by parallel part copies > a copy is exactly the version that was named, with its description',
  },
  {
    id: 'parts-lose-tags',
    change: 'a copy in parts leaves the tags behind',
    breaks: 'P2: tags do not reach accepted/',
    file: S3_MULTIPART,
    find: '      ...(source.tagging && { Tagging: source.tagging }),\n',
    replace: '',
    noticedIn: S3_RESPONSES_TEST,
    noticedBy: 'P2: a copy in parts asks for all that described the source',
  },
  {
    id: 'parts-lose-a-byte',
    change: 'a part ends one byte early',
    breaks: 'P2: bytes are lost between two parts',
    file: PART_RANGES,
    find: 'Math.min(start + step, sizeBytes) - 1}',
    replace: 'Math.min(start + step - 1, sizeBytes) - 1}',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'ranges cover an object without a gap, in at most 10,000 parts',
  },
  {
    id: 'part-missing',
    change: 'a copy is completed although one of its parts failed',
    breaks: 'P2: a piece is missing in the middle',
    file: PART_RANGES,
    find: '  if (failures.length > 0) throw failures[0];\n',
    replace: '',
    noticedIn: S3_RESPONSES_TEST,
    noticedBy: 'P2: a copy with a failed part is not completed, and no object without it appears',
  },
  {
    id: 'open-newest',
    change: 'the handler gets the newest version under accepted/, not the accepted one',
    breaks: 'P2: it works on other bytes',
    file: S3_STORE,
    find: 'new GetObjectCommand({ Bucket, Key, VersionId })',
    replace: 'new GetObjectCommand({ Bucket, Key })',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'the contract, by CopyObject > a source that is gone is reported, and leaves no target',
  },
  {
    id: 'conflict-fails',
    change: 'a conflict (409) of the copy is not tried again',
    breaks: 'P3: two workers at once drive a message towards the dead-letter queue',
    file: S3_STORE,
    find: '|| attempt === CONFLICT_ATTEMPTS)',
    replace: '|| attempt === 1)',
    noticedIn: S3_RESPONSES_TEST,
    noticedBy: 'a conflict (409) of CopyObject is tried again',
  },
  {
    id: 'gone-parts-are-success',
    change: 'a completion that finds its parts gone is taken for done, unseen',
    breaks: 'P3: an aborted copy passes for an accepted one',
    file: S3_STORE,
    find: 'if (isUploadGone(error) && (await head(order.targetKey)))',
    replace: 'if (isUploadGone(error))',
    noticedIn: S3_RESPONSES_TEST,
    noticedBy: 'P3: a completion whose response was lost is found again, by the target or by the gone upload',
  },
  {
    id: 'copy-goes-on',
    change: 'a copy is not broken off when the message is lost',
    breaks: 'P8: two workers copy the same gigabytes',
    file: ACCEPT,
    find: 'objects.copyIfAbsent(order, signal)',
    replace: 'objects.copyIfAbsent(order)',
    noticedIn: RECONCILE_TEST,
    noticedBy: 'a copy is broken off when the message is no longer this worker’s',
  },
  {
    id: 'lost-in-silence',
    change: 'a claimed version that is nowhere is acknowledged',
    breaks: 'P3: an upload is lost without a dead letter',
    file: FIND_COPY,
    find: 'if (isAcceptanceOnRecord(await uploads.get(key), claimed)) return undefined;',
    replace: 'if (!there) return undefined;',
    noticedIn: RECONCILE_TEST,
    noticedBy: 'a claimed version that is lost ends in an error, never in silence',
  },
  {
    id: 'crc-proves',
    change: 'two versions with the same CRC are taken for the same',
    breaks: 'P2: bytes that were made to have the CRC of the upload are recorded as accepted',
    file: COMPARE,
    find: 'common.some((name) => PROVING_DIGESTS.includes(name))',
    replace: 'common.length > 0',
    noticedIn: FIND_COPY_TEST,
    noticedBy: 'P2: other bytes with the same CRC under accepted/ never replace the upload',
  },
  {
    id: 'accept-any-claim',
    change: 'a copy is recorded as accepted for whatever version is claimed',
    breaks: 'P1: a version is claimed, and another one’s copy accepted',
    file: 'packages/uploads/src/domain/transitions.ts',
    find: "      { attribute: 'versionId', equals: claimedVersionId },\n",
    replace: '',
    noticedIn: 'packages/uploads/test/memory-upload-store.test.ts',
    noticedBy: 'P1: a copy is accepted only for the claim that it was made for',
  },
  {
    id: 'parts-compared-by-one',
    change: 'of two versions only the first part is compared',
    breaks: 'P2: bytes that differ further on are recorded as accepted',
    file: 'packages/uploads/src/s3/s3-byte-comparison.ts',
    find: 'partRanges(one.sizeBytes, partBytes),',
    replace: 'partRanges(one.sizeBytes, partBytes).slice(0, 1),',
    noticedIn: S3_STORE_TEST,
    noticedBy: 'P2: bytes that differ in a later part are found, and no parts are left behind',
  },
];
