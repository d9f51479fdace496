// What bundlers take for a page, instead of index.ts: what needs no API key, because every visitor can read a key in a page.

export { describeFile, fileSha256, uploadFile } from './browser/upload-file.ts';
export * from './errors.ts';
export { parseForm } from './upload-form.ts';
export { uploadIdIn } from './upload-id.ts';
export { uppyAwsS3Options } from './uppy-aws-s3.ts';
