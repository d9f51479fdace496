export { type DescribedVersion, differenceOf } from './compare-versions.ts';
export {
  createDynamoDbUploadRecords,
  type DynamoDbUploadRecordsOptions,
} from './dynamodb-upload-records.ts';
export { createDynamoDbUploadStore, type DynamoDbUploadStoreOptions } from './dynamodb-upload-store.ts';
export { createEvidence, type Evidence, type Sighted } from './evidence.ts';
export {
  createFaultScript,
  type FaultScript,
  type Faults,
  noFaults,
  type Stall,
  type TwinCall,
} from './faults.ts';
export {
  type Item,
  isSightingItem,
  isTallyItem,
  type SightingItem,
  type TallyItem,
  toTally,
  UnsupportedSchemaVersion,
  type UploadItem,
} from './item.ts';
export { type BucketChange, createMemoryObjectStore, type MemoryObjectStore } from './memory-object-store.ts';
export { createMemoryReports, type MemoryReports } from './memory-reports.ts';
export { createMemoryUploadStore, type MemoryUploadStore } from './memory-upload-store.ts';
export type { ObjectListing, StoredVersion } from './object-listing.ts';
export type {
  CopyOrder,
  CopyOutcome,
  ObjectStore,
  OpenedObject,
  VersionBytes,
  VersionDescription,
} from './object-store.ts';
export {
  type Report,
  type Reports,
  reportIdOf,
  type SightingReport,
  type SurplusReport,
  writeReport,
} from './report.ts';
export { type EventRule, readEventRules } from './s3-event-rules.ts';
export { createS3ObjectListing, type S3ObjectListingOptions } from './s3-object-listing.ts';
export { createS3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts';
export type { LeaseHolder } from './transitions.ts';
export {
  type Constraints,
  LONGEST_FORM_SECONDS,
  milestoneOf,
  type NewUpload,
  type ObjectVersion,
  type Sighting,
  SightingKind,
  type Tally,
  type Upload,
  UploadState,
} from './upload.ts';
export {
  ACCEPTED_PREFIX,
  acceptedKeyOf,
  assertNamePart,
  InvalidNamePart,
  makeUploadKey,
  NAME_PART_EXPECTED,
  NAME_PART_MAX_BYTES,
  UPLOADS_PREFIX,
  uploadIdOf,
  uploadKeyOfAccepted,
  uploadKeyOfId,
} from './upload-key.ts';
export {
  type RepairedVersion,
  repairName,
  type SightingName,
  type UploadRecord,
  type UploadRecords,
} from './upload-records.ts';
export {
  type ProcessingStart,
  type Transition,
  UploadAlreadyIssued,
  type UploadStore,
} from './upload-store.ts';
