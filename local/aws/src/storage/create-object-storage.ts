import { DiskStorage } from './disk-storage.ts';
import type { ObjectStorage, ObjectStorageOptions } from './object-storage.ts';

/** Opens the storage in a folder, an empty one or what an earlier process left there. */
export async function createObjectStorage(options: ObjectStorageOptions): Promise<ObjectStorage> {
  return await DiskStorage.open(options);
}
