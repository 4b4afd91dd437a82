import { open, realpath, rename, rm, stat } from "node:fs/promises";

/**
 * Replaces the content of a file at once. Readers see the old or the new content, never a part, even after a crash.
 * Owner and permissions stay. If the path is a symbolic link, the file behind it is replaced.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const target = await realpath(path);
  const { mode, uid, gid } = await stat(target);
  const temporary = `${target}.${process.pid}.new`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    try {
      await handle.writeFile(content);
      await handle.chmod(mode & 0o7777);
      if (process.getuid?.() === 0) await handle.chown(uid, gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
