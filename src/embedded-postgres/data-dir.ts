import { access, constants } from "node:fs/promises";
import { createPathError } from "../model/config-error.js";
import { makeFolder } from "./make-folder.js";

/**
 * Creates a folder for data if it is absent. The error says which setting chooses another folder, for users without a home.
 */
export async function makeDataDir(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o711);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw createPathError(
      `${folder}: cannot be made or written by this user (${code})`,
      "set DATA_DIR to a folder that can, or DATABASE_URL",
      cause,
    );
  }
}
