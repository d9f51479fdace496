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
  /** Since when the oldest and the youngest of these are as they are; undefined: there is none. */
  tooYoungSince: { readonly oldest: Date; readonly youngest: Date } | undefined;
  /** Uploads whose lease ran when the audit began: a service works on them, or died with the lease. Not judged, whatever age is asked for. */
  leased: number;
  /** The latest end of these leases, if none is renewed; undefined: there is none. */
  leasedUntil: Date | undefined;
}
