/** A version that is to be copied or compared is not there (any more). */
export class SourceMissing extends Error {
  readonly code = 'SourceMissing';
}
