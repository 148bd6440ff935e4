/* The limit for durable no-op tasks: the rows, indexes and settings of the SQLite store, without
 * Cordyna.
 *
 *     durable_rows FILE TASKS BATCH [SCHEMA_FOLDER]
 *
 * Writes TASKS finished tasks of one run to the new database FILE, BATCH tasks a transaction: one
 * task row, one attempt row and one history row each. Reads the schema and the settings from the
 * files that the store is built from (connection.sql and 1.sql, 2.sql, ...). Prints the seconds and
 * the tasks a second.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kCheckpointPages = 4096 }; /* as in src/store/sqlite/writer.cpp */

static sqlite3* db;

static void die(const char* what) {
  fprintf(stderr, "durable_rows: %s: %s\n", what,
          db != NULL ? sqlite3_errmsg(db) : strerror(errno));
  exit(1);
}

static void run(const char* sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) die(sql);
}

/* 0: there is no such file. */
static int run_file(const char* folder, const char* name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE* file = fopen(path, "rb");
  if (file == NULL) return 0;
  static char sql[1 << 20];
  const size_t size = fread(sql, 1, sizeof sql - 1, file);
  sql[size] = '\0';
  fclose(file);
  run(sql);
  return 1;
}

static void load_schema(const char* folder) {
  if (!run_file(folder, "connection.sql")) die("no connection.sql in the schema folder");
  int versions = 0;
  char name[32];
  do {
    ++versions;
    snprintf(name, sizeof name, "%d.sql", versions);
  } while (run_file(folder, name));
  if (versions == 1) die("no 1.sql in the schema folder");
}

static sqlite3_stmt* prepare(const char* sql) {
  sqlite3_stmt* statement = NULL;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    die(sql);
  return statement;
}

static void step(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) die("step");
  sqlite3_reset(statement);
}

static int count_pages(void* pages, sqlite3* handle, const char* name, int count) {
  (void)handle;
  (void)name;
  *(int*)pages = count;
  return SQLITE_OK;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void write_tasks(long first, long end, sqlite3_stmt* task, sqlite3_stmt* attempt,
                        sqlite3_stmt* history) {
  const sqlite3_int64 at = 1763711999000 + first;
  char path[32];
  run("BEGIN IMMEDIATE");
  for (long i = first; i < end; ++i) {
    const int size = snprintf(path, sizeof path, "task-%06ld", i);
    sqlite3_bind_text(task, 1, path, size, SQLITE_STATIC);
    sqlite3_bind_int64(task, 2, at);
    step(task);
  }
  for (long i = first; i < end; ++i) {
    const int size = snprintf(path, sizeof path, "task-%06ld", i);
    sqlite3_bind_text(attempt, 1, path, size, SQLITE_STATIC);
    sqlite3_bind_int64(attempt, 2, at);
    step(attempt);
  }
  for (long i = first; i < end; ++i) {
    const int size = snprintf(path, sizeof path, "task-%06ld", i);
    sqlite3_bind_int64(history, 1, i + 1);
    sqlite3_bind_int64(history, 2, at);
    sqlite3_bind_text(history, 3, path, size, SQLITE_STATIC);
    step(history);
  }
  run("COMMIT");
}

static void write_all(long tasks, long batch) {
  sqlite3_stmt* task = prepare(
      "INSERT INTO task (run, path, state, attempt, warnings, first_at, ended_at, retry_at, "
      "outputs, blocked_by)"
      " VALUES (1, ?1, 'completed', 1, 0, ?2, ?2, 0, '', '')");
  sqlite3_stmt* attempt = prepare(
      "INSERT INTO attempt (run, path, attempt, state, created_at, dispatched_at, acknowledged_at, "
      "started_at,"
      " ended_at, deadline_at, cancel_requested, known_dead)"
      " VALUES (1, ?1, 1, 'completed', ?2, 0, 0, ?2, ?2, 0, 0, 1)");
  sqlite3_stmt* history = prepare(
      "INSERT INTO history (run, seq, at, path, attempt, run_state, task_state, attempt_state, "
      "detail)"
      " VALUES (1, ?1, ?2, ?3, 1, '', 'completed', 'completed', '')");
  int wal_pages = 0;
  sqlite3_wal_hook(db, count_pages, &wal_pages);
  for (long first = 0; first < tasks; first += batch) {
    write_tasks(first, first + batch < tasks ? first + batch : tasks, task, attempt, history);
    if (wal_pages >= kCheckpointPages)
      sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  }
  sqlite3_finalize(task);
  sqlite3_finalize(attempt);
  sqlite3_finalize(history);
}

int main(int argc, char** argv) {
  const long tasks = argc > 3 ? atol(argv[2]) : 0;
  const long batch = argc > 3 ? atol(argv[3]) : 0;
  if (argc > 5 || tasks < 1 || batch < 1) {
    fprintf(stderr, "usage: durable_rows FILE TASKS BATCH [SCHEMA_FOLDER]\n");
    return 2;
  }
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(argv[1], &db, flags, NULL) != SQLITE_OK) die(argv[1]);
  load_schema(argc > 4 ? argv[4] : SCHEMA_FOLDER);

  const double start = now();
  write_all(tasks, batch);
  const double seconds = now() - start;

  sqlite3_close(db);
  printf("%.3f s %.0f tasks/s\n", seconds, (double)tasks / seconds);
  return 0;
}
