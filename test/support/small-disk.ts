import { spawnSync } from "node:child_process";

/** Mounts a disk that is small enough to be filled on a folder; `false` where there is no right to. */
export function mountSmallDisk(folder: string, megabytes: number): boolean {
  const options = `size=${megabytes}m,mode=0755`;
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

/** Takes such a disk away, with all that is on it. */
export function unmountSmallDisk(folder: string): void {
  spawnSync("umount", [folder]);
}
