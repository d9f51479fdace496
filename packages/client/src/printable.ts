/** Text from elsewhere (file names, answers) as one line that can't steer the terminal: control characters become `?`. */
export function printable(text: string): string {
  // C0, DEL and C1 controls, line and paragraph separators, and the marks that reverse the direction of text.
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
}
