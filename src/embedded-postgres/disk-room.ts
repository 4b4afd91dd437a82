import { statfs } from "node:fs/promises";

/** The disk has too little room; the message says how much there is. */
class FullDiskError extends Error {
  override readonly name = "FullDiskError";
}

/** Throws if the disk has no room for a new cluster; PostgreSQL's own words for it do not name the disk. */
export async function ensureRoomForCluster(dataDir: string): Promise<void> {
  const roomMb = await readRoomMb(dataDir);
  if (roomMb === null || roomMb >= NEW_CLUSTER_MB) return;
  throw new FullDiskError(
    `${dataDir}: ${roomMb} MB of disk space left, and a new database needs ${NEW_CLUSTER_MB}; make room, or set DATA_DIR to another disk`,
  );
}

/** Adds to an error of a start that the disk is full, if it is. */
export async function explainFullDisk(error: unknown, dataDir: string): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof FullDiskError) return error;
  const roomMb = await readRoomMb(dataDir);
  if (roomMb === null || roomMb >= FULL_MB) return error;
  return new FullDiskError(
    `${error.message}; ${dataDir}: ${roomMb} MB of disk space left, make room and start again`,
    { cause: error },
  );
}

/** Megabytes that this user may still write; `null` where the system does not say. */
async function readRoomMb(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return Math.floor((bavail * bsize) / 1_048_576);
  } catch {
    return null;
  }
}

/** A cluster, its first 16 MB of write-ahead log, and as much again while it is made. */
const NEW_CLUSTER_MB = 100;

/** PostgreSQL's log alone needs this much now and then. */
const FULL_MB = 20;
