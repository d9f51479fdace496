/** A deployment that was not begun, or stopped; the message says in one line why, and what to do. */
export class DeployError extends Error {
  readonly code = 'DeployError';
  override readonly name = 'DeployError';
}
