export { UPLOADS_PREFIX, uploadIdOf, uploadKeyOfId } from '@upload-once/text/upload-id';
export type { Adoption } from './domain/adoption.ts';
export { asciiJson } from './domain/ascii-json.ts';
export { differenceOf } from './domain/compare-versions.ts';
export { describeUpload } from './domain/describe-upload.ts';
export { createEvidence } from './domain/evidence.ts';
export {
  decodedFilename,
  encodedFilename,
  FILENAME_MAX_BYTES,
  FILENAME_METADATA,
  filenameOf,
  isFilename,
} from './domain/filename.ts';
export { timeOf } from './domain/iso-time.ts';
export {
  type Item,
  isObservedVersionItem,
  isTallyItem,
  type ObservedVersionItem,
  type TallyItem,
  type UploadItem,
} from './domain/item.ts';
export type { Link, LinkedUpload, NewLink } from './domain/link.ts';
export { parseDuplicateReport, type Report, type Reports, reportIdOf, writeReport } from './domain/report.ts';
export {
  type Constraints,
  LONGEST_FORM_SECONDS,
  LONGEST_UPLOAD_SECONDS,
  milestoneOf,
  type NewUpload,
  type ObjectVersion,
  ObservedKind,
  type ObservedVersion,
  type Tally,
  type Upload,
  UploadState,
} from './domain/upload.ts';
export {
  parseUploadEvent,
  type UploadEvent,
  type UploadEvents,
  UploadEventType,
  writeUploadEvent,
} from './domain/upload-event.ts';
export {
  ACCEPTED_PREFIX,
  acceptedKeyOf,
  assertNamePart,
  InvalidNamePart,
  issueTimeOf,
  type KeyForm,
  makeUploadKey,
  NAME_PART_EXPECTED,
  NAME_PART_MAX_BYTES,
  uploadIdOfObject,
  uploadKeyOfAccepted,
} from './domain/upload-key.ts';
export { createDynamoDbIssuedUploads } from './dynamodb/dynamodb-issued-uploads.ts';
export { createDynamoDbLinkStore } from './dynamodb/dynamodb-link-store.ts';
export { createDynamoDbUploadRecords } from './dynamodb/dynamodb-upload-records.ts';
export { createDynamoDbUploadStore } from './dynamodb/dynamodb-upload-store.ts';
export { type IssuedUploads, TableBusy } from './ports/issued-uploads.ts';
export type { LinkStore } from './ports/link-store.ts';
export type { ObjectListing, StoredVersion } from './ports/object-listing.ts';
export {
  MOST_DELETED_AT_ONCE,
  type ObjectStore,
  type OpenedObject,
  type VersionDescription,
  type VersionName,
} from './ports/object-store.ts';
export {
  type ObservedName,
  repairName,
  type UploadRecord,
  type UploadRecords,
} from './ports/upload-records.ts';
export {
  type ProcessingStart,
  type Transition,
  UploadAlreadyIssued,
  type UploadStore,
} from './ports/upload-store.ts';
export { type EventRule, readEventRules } from './s3/s3-event-rules.ts';
export { createS3ObjectListing } from './s3/s3-object-listing.ts';
export { createS3ObjectStore } from './s3/s3-object-store.ts';
