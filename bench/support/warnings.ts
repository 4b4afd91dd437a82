/** The log of a replica that is measured. It prints warnings and errors only. */
export const WARNINGS = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields: object, message: string) => {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
  error: () => undefined,
};
