import { statfs } from "node:fs/promises";

/** The disk has too little space. The message says how much there is. */
class FullDiskError extends Error {
  override readonly name = "FullDiskError";
}

/** Throws if the disk has no space for a new cluster. PostgreSQL's own message does not name the disk. */
export async function ensureRoomForCluster(dataDir: string): Promise<void> {
  const roomMb = await readRoomMb(dataDir);
  if (roomMb === null || roomMb >= NEW_CLUSTER_MB) return;
  throw new FullDiskError(
    `${dataDir}: ${roomMb} MB of disk space left, and a new database needs ${NEW_CLUSTER_MB}; make room, or set DATA_DIR to another disk`,
  );
}

/** Returns the error of a start with a note that the disk is full, if it is. */
export async function explainFullDisk(error: unknown, dataDir: string): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof FullDiskError) return error;
  const roomMb = await readRoomMb(dataDir);
  if (roomMb === null || roomMb >= FULL_MB) return error;
  return new FullDiskError(
    `${error.message}; ${dataDir}: ${roomMb} MB of disk space left, make room and start again`,
    { cause: error },
  );
}

/** Reads how many megabytes this user may still write; `null` if the system does not say. */
async function readRoomMb(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return Math.floor((bavail * bsize) / 1_048_576);
  } catch {
    return null;
  }
}

/** The space for a cluster, with 16 MB of write-ahead log, and as much again while it is created. */
const NEW_CLUSTER_MB = 100;

/** Below this the disk counts as full. PostgreSQL's log alone sometimes needs this much. */
const FULL_MB = 20;
