import { positionOf } from './key-order.ts';
import type { StoredVersion } from './object-version.ts';

/** Which versions and markers a bucket has, in memory: keys in S3's order, each key's versions newest first. */
export class VersionIndex {
  readonly #keys: string[] = [];
  readonly #versions = new Map<string, StoredVersion[]>();

  get keys(): readonly string[] {
    return this.#keys;
  }

  versions(key: string): readonly StoredVersion[] {
    return this.#versions.get(key) ?? [];
  }

  find(key: string, versionId: string): StoredVersion | undefined {
    return this.versions(key).find((version) => version.versionId === versionId);
  }

  /** Puts a version in its place; one with the same sequence is replaced. */
  put(version: StoredVersion): void {
    let versions = this.#versions.get(version.key);
    if (versions === undefined) {
      versions = [];
      this.#versions.set(version.key, versions);
      this.#keys.splice(positionOf(this.#keys, version.key), 0, version.key);
    }
    const at = versions.findIndex((other) => other.sequence <= version.sequence);
    if (at === -1) versions.push(version);
    else versions.splice(at, versions[at]?.sequence === version.sequence ? 1 : 0, version);
  }

  remove(version: StoredVersion): void {
    const versions = this.#versions.get(version.key);
    const at = versions?.findIndex((other) => other.sequence === version.sequence) ?? -1;
    if (versions === undefined || at === -1) return;
    versions.splice(at, 1);
    if (versions.length === 0) {
      this.#versions.delete(version.key);
      this.#keys.splice(positionOf(this.#keys, version.key), 1);
    }
  }
}
