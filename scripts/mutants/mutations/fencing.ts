import type { Mutation } from '../mutation.ts';

const TRANSITIONS = 'packages/uploads/src/domain/transitions.ts';
const PROCESS = 'services/processor/src/process-accepted.ts';
const WORK = 'services/processor/src/work-under-lease.ts';
const UPLOAD_STORE = 'packages/uploads/src/domain/table-upload-store.ts';
const DYNAMODB_STORE_TEST = 'packages/uploads/test/dynamodb-upload-store.test.ts';
const CONTRACT_TEST = 'packages/uploads/test/memory-upload-store.test.ts';
const RACE_TEST = 'packages/uploads/test/start-processing-race.test.ts';
const PROCESS_TEST = 'services/processor/test/process-accepted.test.ts';

/** Who may work on an accepted upload, finish it, and acknowledge its message. */
export const fencingMutations: readonly Mutation[] = [
  {
    id: 'no-fencing',
    change: 'the attempt’s number is not compared when the work ends',
    breaks: 'P3: a worker that was taken over finishes what another works on',
    file: TRANSITIONS,
    find: "    { attribute: 'attempt', equals: attempt },\n",
    replace: '',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'fencing: a worker that slept past its lease cannot finish what another took over',
    },
  },
  {
    id: 'same-attempt',
    change: 'a new attempt has the number of the last one',
    breaks: 'P3: the number fences off no worker',
    file: TRANSITIONS,
    find: 'leased(upload.attempt + 1, lease, now)',
    replace: 'leased(Math.max(1, upload.attempt), lease, now)',
    noticedBy: {
      file: CONTRACT_TEST,
      test: 'a lease is held until it ends, and prolonged by its holder alone',
    },
  },
  {
    id: 'attempt-given-twice',
    change: 'the lease is taken although another attempt was made between read and write',
    breaks: 'P3: two attempts have one number',
    file: TRANSITIONS,
    find: "      { attribute: 'attempt', equals: upload.attempt },\n",
    replace: '',
    noticedBy: { file: RACE_TEST, test: 'fencing: an attempt’s number is never given out twice' },
  },
  {
    id: 'first-attempt-again',
    change: 'an upload that was put back to ACCEPTED gets attempt 1 once more',
    breaks: 'P3: two attempts have one number',
    file: TRANSITIONS,
    find: "      { attribute: 'attempt', equals: 0 },\n",
    replace: '',
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'fencing: an upload that is put back to ACCEPTED by hand gets a new attempt',
    },
  },
  {
    id: 'first-attempt-any-version',
    change: 'the first attempt begins with the event of any version under accepted/',
    breaks: 'P1: an orphan’s event takes the lease, and the upload waits for it',
    file: TRANSITIONS,
    find: "      { attribute: 'versionToProcess', equals: lease.acceptedVersionId },\n",
    replace: '',
    noticedBy: { file: CONTRACT_TEST, test: 'processing starts only for the version that was accepted' },
  },
  {
    id: 'version-to-process-believed',
    change: 'an attempt begins with a version that only the processor’s own attribute names',
    breaks: 'P1: who has the processor’s role says which version is accepted',
    file: UPLOAD_STORE,
    find: 'if (first.applied && first.upload.acceptedVersionId === lease.acceptedVersionId)',
    replace: 'if (first.applied)',
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'P1: only the acceptor says which version is accepted, whatever versionToProcess says',
    },
  },
  {
    id: 'old-item-not-read',
    change: 'a failed condition without the item that was found counts as no upload',
    breaks: 'P3: the event of an accepted copy is taken for an orphan’s',
    file: UPLOAD_STORE,
    find: 'const found = item ? readUpload(item) : await read(key);',
    replace: 'const found = item && readUpload(item);',
    noticedBy: {
      file: DYNAMODB_STORE_TEST,
      test: 'where the table does not return what it found, it is read',
    },
  },
  {
    id: 'lease-comes-back',
    change: 'a renewal that lands late brings back a lease that was given up',
    breaks: 'P3: the next attempt waits for a lease that no worker holds',
    file: TRANSITIONS,
    find: "      { attribute: 'leaseOwner', equals: holder.leaseOwner },\n",
    replace: '',
    noticedBy: { file: CONTRACT_TEST, test: 'a released lease can be taken at once' },
  },
  {
    id: 'lease-shortened',
    change: 'a renewal that lands after a later one shortens the lease',
    breaks: 'P3: it runs out under its owner',
    file: TRANSITIONS,
    find: "      { attribute: 'leaseExpiresAt', below: leaseExpiresAt },\n",
    replace: '',
    noticedBy: { file: CONTRACT_TEST, test: 'a lease is never shortened' },
  },
  {
    id: 'unaccepted-acknowledged',
    change: 'an event that comes before ACCEPTED is recorded is acknowledged',
    breaks: 'P3: no other event is sent for the copy, and it is never processed',
    file: PROCESS,
    find: 'return { claimed: upload };\n      case',
    replace: 'return undefined;\n      case',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'P3: a copy that is reported before ACCEPTED is recorded waits for that in flight',
    },
  },
  {
    id: 'claimed-processed',
    change: 'before ACCEPTED is recorded any version under accepted/ is processed',
    breaks: 'P5: an object of another principal is taken for the upload',
    file: TRANSITIONS,
    find: 'if (upload.acceptedVersionId !== lease.acceptedVersionId) return false;',
    replace: 'if (upload.state === UploadState.claimed) return true;',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'P2, P5: a copy that another hand put there beforehand is not processed',
    },
  },
  {
    id: 'acknowledged-under-lease',
    change: 'a message is acknowledged while another worker holds the lease',
    breaks: 'P3: that worker dies, and no other takes over',
    file: PROCESS,
    find: 'throw retryAfterLease(pending.heldBy, leftSeconds, delivery);',
    replace: 'return;',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'while another holds the lease the message waits, longer with each receive',
    },
  },
  {
    id: 'failure-is-success',
    change: 'a handler that failed is recorded as done',
    breaks: 'P3: an upload is not processed, and no alarm is raised',
    file: WORK,
    find: '      throw error;\n',
    replace: '',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'a handler that fails gives its lease up, so that the next attempt need not wait',
    },
  },
  {
    id: 'handler-not-awaited',
    change: 'PROCESSED is recorded while the handler still works',
    breaks: 'P3: after a crash the work is not done again',
    file: WORK,
    find: 'await runHandler(upload, event, { signal, assertHeld: lease.assertHeld }, isSuspect)',
    replace: 'void runHandler(upload, event, { signal, assertHeld: lease.assertHeld }, isSuspect)',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'while another holds the lease the message waits, longer with each receive',
    },
  },
  {
    id: 'orphan-in-silence',
    change: 'the event of an object under accepted/ without an issued upload is acknowledged',
    breaks: 'P5: another principal writes where only the acceptor may, and no alarm is raised',
    file: PROCESS,
    find: "if (!upload) return recordOrphan(event, 'no upload was issued for it');",
    replace: 'if (!upload) return undefined;',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'P5: an object under accepted/ that was never claimed is not processed',
    },
  },
  {
    id: 'stop-is-failure',
    change: 'with the last receive a service that stops records FAILED',
    breaks: 'P3: a deploy fails an upload',
    file: WORK,
    find: 'error instanceof DrainLimitReached || ',
    replace: '',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'a service that stops is no failure of the upload, not even with the last receive',
    },
  },
];
