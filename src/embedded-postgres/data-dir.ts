import { access, constants, mkdir } from "node:fs/promises";

/** Makes a folder for data if it is absent; a user without a home is told which setting names another. */
export async function makeDataDir(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o711 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new Error(
      `${folder}: cannot be made or written by this user (${code}); set DATA_DIR to a folder that can, or DATABASE_URL`,
      { cause },
    );
  }
}
