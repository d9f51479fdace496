// Run as a process of its own by peak-memory.test.ts: uploads a small file, then a large one, and prints this process's peak
// memory after each. Its arguments: the form as JSON, the small file's path, the large one's.
import { type UploadForm, uploadFile } from '../src/index.ts';

const [form = '', small = '', large = ''] = process.argv.slice(2);
const { expiresAt, ...rest } = JSON.parse(form);
const parsed: UploadForm = { ...rest, expiresAt: new Date(expiresAt) };
const peaksKiB: number[] = [];
for (const file of [small, large]) {
  await uploadFile({ form: parsed, file });
  peaksKiB.push(process.resourceUsage().maxRSS);
}
console.log(JSON.stringify(peaksKiB));
