export interface FileResult {
  readonly file: string;
  readonly isOk: boolean;
  readonly tests: readonly { readonly title: string; readonly isOk: boolean }[];
}

const RESULT = /^( {0,4})(not )?ok \d+ - (.*?)(?: # time=.*)?(?: \{)?$/;

/** The files and tests of a TAP output: each file is a test, and its own tests are indented by four spaces. */
export function tapResults(tap: string): FileResult[] {
  const files: FileResult[] = [];
  let tests: { title: string; isOk: boolean }[] = [];
  for (const line of tap.split('\n')) {
    const [, indent, not, name = ''] = RESULT.exec(line) ?? [];
    if (indent === undefined) continue;
    const isOk = not === undefined;
    if (indent.length === 4) tests.push({ title: name, isOk });
    else if (indent === '') {
      files.push({ file: name, isOk, tests });
      tests = [];
    }
  }
  return files;
}
