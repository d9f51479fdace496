/** What an audit has looked at so far. */
export interface AuditCounts {
  /** Versions under `uploads/`. */
  uploadedVersions: number;
  /** Versions under `accepted/`. */
  acceptedVersions: number;
  /** Of both, those too old for the table to know of them: not judged. */
  forgottenVersions: number;
  /** Items of the table. */
  items: number;
}
