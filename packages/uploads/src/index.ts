export { UPLOADS_PREFIX, uploadIdOf, uploadKeyOfId } from '@upload-once/text/upload-id';
export type { Adoption, OperatorsWord } from './domain/adoption.ts';
export { asciiJson } from './domain/ascii-json.ts';
export { type DescribedVersion, differenceOf } from './domain/compare-versions.ts';
export { describeUpload, type UploadDescription } from './domain/describe-upload.ts';
export { createEvidence, type Evidence, type Observed } from './domain/evidence.ts';
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
  toTally,
  type UploadItem,
} from './domain/item.ts';
export type { Link, LinkedUpload, LinkTexts, NewLink } from './domain/link.ts';
export {
  type DuplicateReport,
  type ObservedVersionReport,
  parseDuplicateReport,
  type Report,
  type Reports,
  reportIdOf,
  type SurplusReport,
  writeReport,
} from './domain/report.ts';
export type { LeaseHolder } from './domain/transitions.ts';
export {
  type Click,
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
  type KeyForm,
  makeUploadKey,
  NAME_PART_EXPECTED,
  NAME_PART_MAX_BYTES,
  uploadIdOfObject,
  uploadKeyOfAccepted,
} from './domain/upload-key.ts';
export {
  createDynamoDbIssuedUploads,
  type DynamoDbIssuedUploadsOptions,
} from './dynamodb/dynamodb-issued-uploads.ts';
export { createDynamoDbLinkStore, type DynamoDbLinkStoreOptions } from './dynamodb/dynamodb-link-store.ts';
export {
  createDynamoDbUploadRecords,
  type DynamoDbUploadRecordsOptions,
} from './dynamodb/dynamodb-upload-records.ts';
export {
  createDynamoDbUploadStore,
  type DynamoDbUploadStoreOptions,
} from './dynamodb/dynamodb-upload-store.ts';
export { type IssuedUploads, TableBusy } from './ports/issued-uploads.ts';
export type { LinkPage, LinkStore } from './ports/link-store.ts';
export type { ObjectListing, StoredVersion } from './ports/object-listing.ts';
export {
  type CopyOrder,
  type CopyOutcome,
  MOST_DELETED_AT_ONCE,
  type ObjectStore,
  type OpenedObject,
  type VersionBytes,
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
export { createS3ObjectListing, type S3ObjectListingOptions } from './s3/s3-object-listing.ts';
export { createS3ObjectStore, type S3ObjectStoreOptions } from './s3/s3-object-store.ts';
