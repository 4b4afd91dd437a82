import type { Logger } from "typeorm";

/** Keeps every statement that TypeORM sends. */
export class StatementLog implements Logger {
  private statements: string[] = [];

  /** Returns the statements since the last call and forgets them. */
  take(): string[] {
    const taken = this.statements;
    this.statements = [];
    return taken;
  }

  logQuery(query: string): void {
    this.statements.push(query);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
