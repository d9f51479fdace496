// Run as a process of its own, as curl is: uploads one file and prints the seconds that it took. Arguments: the form as JSON, the file.
import { type UploadForm, type UploadPut, uploadFile } from '@upload-once/client';

const [json = '', file = ''] = process.argv.slice(2);
const form: UploadForm | UploadPut = { ...JSON.parse(json), expiresAt: new Date() };
const startedAt = performance.now();
await uploadFile({ form, file });
console.log((performance.now() - startedAt) / 1000);
