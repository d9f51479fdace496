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
  /** What would be named if nothing changes, and is not old enough yet: not judged. One that moves meanwhile can count twice. */
  tooYoung: number;
  /** Since when the oldest and the youngest of these are as they are; undefined: there is none. A lease can end in the future. */
  tooYoungSince: { readonly oldest: Date; readonly youngest: Date } | undefined;
}
