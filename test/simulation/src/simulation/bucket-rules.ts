/** What the bucket refuses. */
export const BucketRules = {
  /** As Terraform makes it: only the acceptor removes anything under uploads/, and a PUT needs an empty place. */
  protected: 'protected',
  /** Anyone can cover or remove uploads; a PUT needs an empty place. */
  open: 'open',
  /** A stand-in that ignores `If-None-Match` of a PUT. */
  unconditional: 'unconditional',
} as const;
export type BucketRules = (typeof BucketRules)[keyof typeof BucketRules];
