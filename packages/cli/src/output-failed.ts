/** A result could not be written to standard output. What was done before stays done. */
export class OutputFailed extends Error {
  readonly code = 'OutputFailed';
}
