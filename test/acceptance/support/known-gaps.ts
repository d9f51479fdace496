/**
 * What a stand-in for AWS is known to do otherwise than AWS, by name. ACCEPTANCE_KNOWN_GAPS lists those of a deployment; there
 * the suite asserts what is done in its place, so that a gap which closes is seen too. On AWS the
 * list is empty.
 */
export const KNOWN_GAPS = {
  'call-signature': 'S3 takes a call whose signature is wrong',
  'form-signature': 'S3 takes a form whose signature is wrong',
  'form-undeclared-field': 'S3 takes a form with a field that its policy does not name',
  'form-expiry-at-start':
    'S3 refuses an upload that began in time and ended after the form’s expiry: it judges once all has arrived',
  'put-signature': 'S3 takes a presigned PUT without a header that was signed',
  'bucket-policy': 'S3 does not apply the bucket’s policy',
  'policy-conditions': 'S3 applies the bucket’s policy without its conditions, and refuses too much',
  'role-policies': 'IAM refuses no call, and no role is refused to anyone',
  'unsigned-calls': 'S3 accepts unsigned calls',
  'no-installation': 'only bucket, queues and tables are there: no ECS, alarms, schedules and scaling',
  'nothing-happens':
    'alarms and schedules are stored alone: no metric comes, nothing is evaluated and no task runs',
  'no-restore': 'DynamoDB restores no table',
} as const;

export type KnownGap = keyof typeof KNOWN_GAPS;

/** @param names with commas between them @throws Error when a name is none of the above */
export function knownGapsFrom(names: string): ReadonlySet<KnownGap> {
  const given = names.split(',').filter((name) => name !== '');
  const unknown = given.filter((name) => !Object.hasOwn(KNOWN_GAPS, name));
  if (unknown.length > 0) {
    const allowed = Object.keys(KNOWN_GAPS).join(', ');
    throw new Error(`ACCEPTANCE_KNOWN_GAPS: expected some of ${allowed}; got "${unknown.join(', ')}"`);
  }
  return new Set(given as KnownGap[]);
}
