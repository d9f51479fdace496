import type { Mutation } from '../mutation.ts';

const TRANSITIONS = 'packages/uploads/src/domain/transitions.ts';
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
    noticedIn: PROCESS_TEST,
    noticedBy: 'fencing: a worker that slept past its lease cannot finish what another took over',
  },
  {
    id: 'attempt-given-twice',
    change: 'the lease is taken although another attempt was made between read and write',
    breaks: 'P3: two attempts have one number',
    file: TRANSITIONS,
    find: "      { attribute: 'attempt', equals: upload.attempt },\n",
    replace: '',
    noticedIn: RACE_TEST,
    noticedBy: 'fencing: an attempt’s number is never given out twice',
  },
  {
    id: 'first-attempt-again',
    change: 'an upload that was put back to ACCEPTED gets attempt 1 once more',
    breaks: 'P3: two attempts have one number',
    file: TRANSITIONS,
    find: "      { attribute: 'attempt', equals: 0 },\n",
    replace: '',
    noticedIn: DYNAMODB_STORE_TEST,
    noticedBy: 'fencing: an upload that is put back to ACCEPTED by hand gets a new attempt',
  },
  {
    id: 'first-attempt-any-version',
    change: 'the first attempt begins with the event of any version under accepted/',
    breaks: 'P1: an orphan’s event takes the lease, and the upload waits for it',
    file: TRANSITIONS,
    find: "      { attribute: 'versionToProcess', equals: lease.acceptedVersionId },\n",
    replace: '',
    noticedIn: CONTRACT_TEST,
    noticedBy: 'processing starts only for the version that was accepted',
  },
  {
    id: 'old-item-not-read',
    change: 'a failed condition without the item that was found counts as no upload',
    breaks: 'P3: the event of an accepted copy is taken for an orphan’s',
    file: UPLOAD_STORE,
    find: 'const found = item ? readUpload(item) : await read(key);',
    replace: 'const found = item && readUpload(item);',
    noticedIn: DYNAMODB_STORE_TEST,
    noticedBy: 'where the table does not return what it found, it is read',
  },
  {
    id: 'lease-comes-back',
    change: 'a renewal that lands late brings back a lease that was given up',
    breaks: 'P3: the next attempt waits for a lease that no worker holds',
    file: TRANSITIONS,
    find: "      { attribute: 'leaseOwner', equals: holder.leaseOwner },\n",
    replace: '',
    noticedIn: CONTRACT_TEST,
    noticedBy: 'a released lease can be taken at once',
  },
  {
    id: 'lease-shortened',
    change: 'a renewal that lands after a later one shortens the lease',
    breaks: 'P3: it runs out under its owner',
    file: TRANSITIONS,
    find: "      { attribute: 'leaseExpiresAt', below: leaseExpiresAt },\n",
    replace: '',
    noticedIn: CONTRACT_TEST,
    noticedBy: 'a lease is never shortened',
  },
  {
    id: 'claimed-processed',
    change: 'before ACCEPTED is recorded any version under accepted/ is processed',
    breaks: 'P5: an object of another principal is taken for the upload',
    file: TRANSITIONS,
    find: 'if (upload.acceptedVersionId !== lease.acceptedVersionId) return false;',
    replace: 'if (upload.state === UploadState.claimed) return true;',
    noticedIn: PROCESS_TEST,
    noticedBy: 'P2, P5: a copy that another hand put there beforehand is not processed',
  },
  {
    id: 'handler-not-awaited',
    change: 'PROCESSED is recorded while the handler still works',
    breaks: 'P3: after a crash the work is not done again',
    file: WORK,
    find: 'await runHandler(upload, event, { signal, assertHeld: lease.assertHeld }, isSuspect)',
    replace: 'void runHandler(upload, event, { signal, assertHeld: lease.assertHeld }, isSuspect)',
    noticedIn: PROCESS_TEST,
    noticedBy: 'while another holds the lease the message waits, longer with each receive',
  },
];
