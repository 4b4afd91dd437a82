import { spawnSync } from "node:child_process";

/** Mounts a small disk on a folder, so that a test can fill it. Returns `false` without the right to mount. */
export function mountSmallDisk(folder: string, megabytes: number): boolean {
  const options = `size=${megabytes}m,mode=0755`;
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

/** Unmounts such a disk, and loses all that is on it. */
export function unmountSmallDisk(folder: string): void {
  spawnSync("umount", [folder]);
}
