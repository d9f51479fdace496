import type { Operation, S3Call, S3Services } from '../s3/call.ts';
import { expectedDigests } from '../s3/expected-digests.ts';
import { readAttributes } from '../s3/object-attributes.ts';
import { readTagXml } from '../s3/tags.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectAttributes, ObjectVersion } from '../storage/object-version.ts';
import { type PostForm, readPostForm } from './form-reader.ts';
import { respondToForm } from './form-response.ts';
import { checkPostPolicy, type PostPolicy, parsePostPolicy } from './post-policy.ts';
import { checkPostSignature } from './post-signature.ts';
import { sizedBody } from './sized-body.ts';

const KEY_MAX_BYTES = 1024;

/**
 * POST Object: a version from a browser's form. Signature, expiry (by the moment the request began) and policy are
 * checked before a byte of the file is stored; a version comes to be only when the whole request has arrived and
 * size and checksums are what policy and form say. A refused or cut request leaves nothing.
 *
 * @param beforeStoring awaited between the checks and the file, with the key that the form names
 */
export function createPostObject(beforeStoring?: (call: S3Call) => Promise<void>): Operation {
  return async (call, services) => {
    services.storage.bucket(call.bucket);
    if (call.request.headers['content-length'] === undefined) {
      throw new S3Error('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
    }
    const form = withFileName(await readPostForm(call.request));
    let version: ObjectVersion;
    try {
      const { key, policy, fields } = checkForm(form, call, services);
      await beforeStoring?.({ ...call, key });
      version = await storeFile(form, fields, policy, { ...call, key }, services);
    } catch (error) {
      form.file.resume();
      throw error;
    }
    services.onCreated({ type: 'ObjectCreated:Post', bucket: call.bucket, version });
    respondToForm(call.response, form.fields, version, `http://${call.request.headers.host ?? ''}`);
  };
}

/**
 * Amazon S3 API Reference, "Creating an HTML Form": `${filename}` is recognized by all form fields, and "POST Policy": it is
 * replaced before the policy is validated.
 */
function withFileName(form: PostForm): PostForm {
  const fields = [...form.fields].map(
    ([name, value]) => [name, value.replaceAll('$\u007bfilename}', () => form.fileName)] as const,
  );
  return { ...form, fields: new Map(fields) };
}

function checkForm(
  form: PostForm,
  call: S3Call,
  services: S3Services,
): { key: string; policy: PostPolicy; fields: ReadonlyMap<string, string> } {
  const key = form.fields.get('key');
  if (!key) {
    throw new S3Error(
      'InvalidArgument',
      400,
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      { ArgumentName: 'key', ArgumentValue: '' },
    );
  }
  checkPostSignature(form.fields, services);
  const policy = parsePostPolicy(form.fields.get('policy') ?? '');
  // The bucket is where the request went, whatever the form calls it.
  const fields = new Map([...form.fields, ['bucket', call.bucket]]);
  checkPostPolicy(policy, fields, call.startedAt);
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) {
    throw new S3Error('KeyTooLongError', 400, 'Your key is too long', {
      Size: String(Buffer.byteLength(key)),
      MaxSizeAllowed: String(KEY_MAX_BYTES),
    });
  }
  return { key, policy, fields };
}

async function storeFile(
  form: PostForm,
  fields: ReadonlyMap<string, string>,
  policy: PostPolicy,
  call: S3Call,
  { storage }: S3Services,
): Promise<ObjectVersion> {
  const attributes = formAttributes(fields);
  const digests = expectedDigests(fields);
  const staged = await storage.stage(sizedBody(form.file, policy.sizeRanges), {
    checksums: digests.algorithms,
  });
  try {
    await form.complete;
    digests.check(staged);
    const { bucket, key, began } = call;
    return await storage.commit({ bucket, key, began, origin: 'Post', staged, attributes });
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

/** A form says what PutObject's headers say, but for two that it calls otherwise. */
function formAttributes(fields: ReadonlyMap<string, string>): ObjectAttributes {
  const acl = fields.get('acl');
  const tagging = fields.get('tagging');
  const attributes = readAttributes(acl === undefined ? fields : new Map([...fields, ['x-amz-acl', acl]]));
  return tagging === undefined ? attributes : { ...attributes, tags: readTagXml(tagging) };
}
