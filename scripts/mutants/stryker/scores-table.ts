import { withGeneratedPart } from '../../generated-part.ts';
import { type GuardedFile, guardedFiles, thresholdOf } from './guarded-files.ts';

const BEGIN = '<!-- scores: made by `make docs` from scripts/mutants/stryker -->';
const END = '<!-- end of scores -->';

/** scripts/mutants/README.md with its table of Stryker's scores renewed. @throws Error when the document has no place for it */
export function withScoresTable(document: string): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: tableOf(guardedFiles) });
}

function tableOf(files: readonly GuardedFile[]): string {
  const rows = files.map((guarded) => {
    const { file, measured } = guarded;
    return `| ${file} | ${measured.killed} of ${measured.mutants} | ${thresholdOf(guarded)} % | ${measured.on} |`;
  });
  return ['| file | killed | at least | measured |', '|---|---|---|---|', ...rows].join('\n');
}
