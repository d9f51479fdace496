/** When something ends that is signed now: signatures know whole seconds, so that it lives up to one second less. */
export function expirationOf(issuedAt: Date, lifetimeSeconds: number): Date {
  return new Date((epochSecond(issuedAt) + lifetimeSeconds) * 1000);
}

/** The date and the lifetime that stand in a signature. */
export function signatureTimes(signed: { readonly issuedAt: Date; readonly expiresAt: Date }): {
  readonly signedAt: Date;
  readonly lifetimeSeconds: number;
} {
  const signedSecond = epochSecond(signed.issuedAt);
  return {
    signedAt: new Date(signedSecond * 1000),
    lifetimeSeconds: epochSecond(signed.expiresAt) - signedSecond,
  };
}

function epochSecond(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
