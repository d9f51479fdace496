import {
  ACCEPTED_PREFIX,
  type Adoption,
  acceptedKeyOf,
  decodedFilename,
  FILENAME_METADATA,
  issueTimeOf,
  type ObjectListing,
  ObservedKind,
  type StoredVersion,
  type Upload,
  type UploadRecords,
  UploadState,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import type { Bytes } from './bytes.ts';

/** What is to be done about one version; `adoption` is undefined where nothing is. */
export interface AdoptionPlan {
  readonly version: StoredVersion;
  /** The upload's state as it was read; undefined: there is none. */
  readonly state: UploadState | undefined;
  /** One sentence for a person: what is done, or why nothing is. */
  readonly detail: string;
  readonly adoption: Adoption | undefined;
}

export interface PlanOptions {
  readonly records: Pick<UploadRecords, 'uploads' | 'observedVersions'>;
  readonly listing: Pick<ObjectListing, 'pages'>;
  readonly bytes: Bytes;
  /** Of uploads whose record is lost. */
  readonly apiKeyId: string;
  /** Their work was done before the record was lost. */
  readonly isProcessed: boolean;
  /** The digest that the operator knows of the accepted file, in hexadecimal digits. */
  readonly sha256: string | undefined;
  /** The operator named the version. Otherwise only what can be no other is adopted: see `unnamedReason`, `planCopy` and `planRestored`. */
  readonly isNamed: boolean;
  /** Items of uploads that were issued before may have expired. */
  readonly forgottenBefore: Date;
}

/** An MD5 of the whole object, if S3 encrypts with its own key (Amazon S3 API Reference, "Object"). */
const MD5 = /^[0-9a-f]{32}$/;

/** The bucket's lifecycle deletes what is covered (storage.accepted_noncurrent_expire_days). */
const ENDS_COVER =
  'adopt the current version by KEY and VERSION, or remove it, before the bucket’s lifecycle deletes the covered one';

/**
 * Says what an operator's word can make of a version that the table does not know. It writes nothing. What the bytes must show, they show by
 * SHA-256: it reads each version that it compares.
 */
export function createPlanAdoption(options: PlanOptions) {
  const { records, listing, bytes, apiKeyId, isProcessed, sha256, isNamed, forgottenBefore } = options;

  /** Oldest first. */
  async function versionsOf(key: string): Promise<StoredVersion[]> {
    const versions: StoredVersion[] = [];
    for await (const page of listing.pages(key))
      versions.push(...page.filter((version) => version.key === key));
    return versions.reverse();
  }

  async function lostRecordOf(version: StoredVersion) {
    const { attributes } = await bytes.describe(version);
    const filename = decodedFilename(attributes[`x-amz-meta-${FILENAME_METADATA}`]);
    return { apiKeyId, ...(filename !== undefined && { filename }) };
  }

  /** Why a version without an upload is left, if it is not named: it may be no upload, or one whose work ended long ago. */
  function unnamedReason(key: string, isAccepted: boolean): string | undefined {
    if (isNamed) return undefined;
    const issuedAt = issueTimeOf(key);
    if (!issuedAt) return 'no url-issuer makes such a key: name it by KEY and VERSION if it is an upload';
    if (issuedAt >= forgottenBefore || (isAccepted && isProcessed)) return undefined;
    const option = isAccepted ? '--processed records it as PROCESSED, without its handler; or ' : '';
    return `its record may have expired, and its work be done: ${option}name it by KEY and VERSION to have it processed`;
  }

  async function planUploaded(version: StoredVersion): Promise<Omit<AdoptionPlan, 'version' | 'state'>> {
    const { key, versionId } = version;
    const reason = unnamedReason(key, false);
    if (reason !== undefined) return no(reason);
    const [copy] = await versionsOf(acceptedKeyOf(key));
    if (copy) return no(`there is ${copy.key}: if that is its copy, adopt that version`);
    const [oldest] = await versionsOf(key);
    if (oldest?.versionId !== versionId)
      return no(`version ${oldest?.versionId} of its key is older, and is the upload`);
    const lost = await lostRecordOf(version);
    return {
      detail: 'its upload is recorded as ISSUED again, and the acceptor accepts it',
      adoption: { how: 'expect', key, version, lost },
    };
  }

  async function planAccepted(
    version: StoredVersion,
    upload: Upload | undefined,
  ): Promise<Omit<AdoptionPlan, 'version' | 'state'>> {
    switch (upload?.state) {
      case UploadState.issued:
      case UploadState.claimed:
        return planCopy(version, upload);
      case UploadState.revoked:
        return no('its upload was revoked');
      case UploadState.processing:
        return no('it is being processed: run this again when it is PROCESSED or FAILED');
      default:
        return upload ? planRestored(version, upload) : planCopy(version, undefined);
    }
  }

  /** The acceptor's copy of a version that is on record as ISSUED or CLAIMED, or not at all. */
  async function planCopy(version: StoredVersion, upload: Upload | undefined) {
    const key = uploadKeyOfAccepted(version.key);
    const reason = upload ? undefined : unnamedReason(key, true);
    if (reason !== undefined) return no(reason);
    // The acceptor's copy replaces nothing, so it is the oldest.
    const [oldest, ...younger] = await versionsOf(version.key);
    if (!isNamed && oldest?.versionId !== version.versionId)
      return no(`version ${oldest?.versionId} of its key is older: name the one that is the upload`);
    const [source] = await versionsOf(key);
    if (upload?.claimed && source?.versionId === upload.claimed.versionId)
      return no('its claimed version is there: "upload-once audit --repair" has it accepted');
    const { minBytes, maxBytes, sha256: signed } = upload?.constraints ?? {};
    if (version.sizeBytes < (minBytes ?? 0) || version.sizeBytes > (maxBytes ?? Number.POSITIVE_INFINITY))
      return no(`it has ${version.sizeBytes} bytes, and ${minBytes} to ${maxBytes} were signed`);
    if (upload?.claimed && upload.claimed.sizeBytes !== version.sizeBytes)
      return no(`it has ${version.sizeBytes} bytes, and the claimed version had ${upload.claimed.sizeBytes}`);
    if (signed !== undefined && hexOf(signed) !== (await bytes.sha256Of(version)))
      return no('it has not the SHA-256 that was signed');
    // With other bytes it is a duplicate: the acceptor removed the version that it had copied.
    const isSource = !upload?.claimed && source && (await bytes.areSame(source, version));
    const state = isProcessed ? UploadState.processed : UploadState.accepted;
    const adoption: Adoption = {
      how: 'accept',
      key,
      upload,
      lost: await lostRecordOf(version),
      claimed: upload?.claimed ?? (isSource ? source : version),
      acceptedVersionId: version.versionId,
      isProcessed,
    };
    const covering = younger.at(-1)?.versionId;
    const isCovered = covering !== undefined && covering !== version.versionId;
    const end = isCovered ? `. Version ${covering} covers it: ${ENDS_COVER}` : '';
    return { detail: `its upload is recorded as ${state} with this version${end}`, adoption };
  }

  /** A file that was put back. */
  async function planRestored(version: StoredVersion, upload: Upload) {
    const { acceptedVersionId = '', claimed, state } = upload;
    if (claimed?.sizeBytes !== version.sizeBytes)
      return no(`it has ${version.sizeBytes} bytes, and the accepted version had ${claimed?.sizeBytes}`);
    const accepted = { ...version, versionId: acceptedVersionId };
    if (!isNamed && (await bytes.isThere(accepted))) {
      const isCurrent = (await versionsOf(version.key)).at(-1)?.versionId === acceptedVersionId;
      return no(
        isCurrent
          ? `the accepted version ${acceptedVersionId} is there, and is the current one`
          : `the accepted version ${acceptedVersionId} is there, and is covered: ${ENDS_COVER}`,
      );
    }
    const shown = await shownBy();
    if (!shown.isSame) return no(shown.how);
    const key = uploadKeyOfAccepted(version.key);
    const adoption: Adoption = { how: 'bind', key, upload, acceptedVersionId: version.versionId };
    return {
      detail: `${shown.how}: it becomes the accepted version, and the state stays ${state}`,
      adoption,
    };

    async function shownBy(): Promise<{ readonly isSame: boolean; readonly how: string }> {
      if (await bytes.isThere(accepted)) {
        const isSame = await bytes.areSame(accepted, version);
        return {
          isSame,
          how: `it has ${isSame ? 'the bytes of' : 'other bytes than'} version ${acceptedVersionId}`,
        };
      }
      const known = upload.constraints.sha256 === undefined ? sha256 : hexOf(upload.constraints.sha256);
      if (known !== undefined) {
        const isSame = known === (await bytes.sha256Of(version));
        return { isSame, how: isSame ? `it has the SHA-256 ${known}` : `it has not the SHA-256 ${known}` };
      }
      if (MD5.test(version.eTag) && version.eTag === claimed?.eTag)
        return { isSame: true, how: 'it has the ETag of the upload' };
      return {
        isSame: false,
        how: `version ${acceptedVersionId} is gone, and nothing on record shows that it had these bytes: name this version with --sha256`,
      };
    }
  }

  return async function planAdoption(version: StoredVersion): Promise<AdoptionPlan> {
    const isAccepted = version.key.startsWith(ACCEPTED_PREFIX);
    const key = isAccepted ? uploadKeyOfAccepted(version.key) : version.key;
    const upload = (await records.uploads([key])).get(key);
    const of = { version, state: upload?.state };
    const kind = await observedAs(version);
    if (kind !== undefined && !mayBeMore(kind, isAccepted, upload)) {
      const name = kind === ObservedKind.orphan ? ': name it by KEY and VERSION' : '';
      return { ...of, ...no(`it is on record as ${kind}${name}`) };
    }
    if (upload?.acceptedVersionId === version.versionId || upload?.claimed?.versionId === version.versionId)
      return { ...of, ...no('it is on record as the upload') };
    if (!isAccepted && upload)
      return { ...of, ...no('its upload is on record: "upload-once audit --repair" says what it is') };
    return { ...of, ...(await (isAccepted ? planAccepted(version, upload) : planUploaded(version))) };
  };

  /** Whether a version can be an upload although it is on record: an orphan by name, or a file that was put back while the processor ran. */
  function mayBeMore(kind: ObservedKind, isAccepted: boolean, upload: Upload | undefined): boolean {
    return (
      kind === ObservedKind.orphan && (isNamed || (isAccepted && upload?.acceptedVersionId !== undefined))
    );
  }

  /** As what a version is on record beside its upload; undefined: as nothing. */
  async function observedAs({ key, versionId }: StoredVersion): Promise<ObservedKind | undefined> {
    const names = Object.values(ObservedKind).map((kind) => ({ key, kind, versionId }));
    return (await records.observedVersions(names))[0]?.kind;
  }

  function no(detail: string) {
    return { detail, adoption: undefined };
  }
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}
