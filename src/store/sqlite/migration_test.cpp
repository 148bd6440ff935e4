#include "store/sqlite/migrations.hpp"

#include <array>

#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

using sqlite::Access;
using sqlite::Database;
using sqlite::migrate;
using sqlite::Migration;

class Migrations : public TestState {
 protected:
  // A database with nothing in it, as a state before version 1 would be.
  [[nodiscard]] std::unique_ptr<Database> empty_database() {
    std::filesystem::create_directory(layout().folder());
    write_file(layout().database(), "");
    auto opened = Database::open(layout().database(), Access::kWrite);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
};

constexpr Migration kFirst{1, "CREATE TABLE a (x); PRAGMA user_version = 1;"};
constexpr Migration kSecond{2,
                            "ALTER TABLE a ADD COLUMN y DEFAULT 7; INSERT INTO a (x) VALUES (1);"
                            "PRAGMA user_version = 2;"};
constexpr Migration kBroken{2, "CREATE TABLE b (x); CREATE TABLE a (x); PRAGMA user_version = 2;"};

TEST_F(Migrations, OnlyTheMissingStepsAreDone) {
  const auto database = empty_database();
  EXPECT_TRUE(migrate(*database, std::array{kFirst}).has_value());
  EXPECT_TRUE(migrate(*database, std::array{kFirst, kSecond}).has_value());
  EXPECT_TRUE(migrate(*database, std::array{kFirst, kSecond}).has_value());
  EXPECT_EQ(database->number("SELECT sum(y) FROM a").value(), 7);
  EXPECT_EQ(database->number("PRAGMA user_version").value(), 2);
}

TEST_F(Migrations, AFailedStepLeavesTheVersionBefore) {
  const auto database = empty_database();
  ASSERT_TRUE(migrate(*database, std::array{kFirst}).has_value());
  expect_error(migrate(*database, std::array{kFirst, kBroken}), ErrorCode::kCorrupt,
               "state version 1 could not be brought to 2");
  EXPECT_EQ(database->number("PRAGMA user_version").value(), 1);
  EXPECT_EQ(database->number("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(Migrations, ANewerVersionIsRefused) {
  const auto database = empty_database();
  ASSERT_TRUE(migrate(*database, std::array{kFirst, kSecond}).has_value());
  expect_error(migrate(*database, std::array{kFirst}), ErrorCode::kCorrupt,
               "newer version (2, this dyna knows up to 1)");
}

TEST_F(Migrations, TheStepsAreNumberedFromOneWithoutGap) {
  int expected = 1;
  for (const Migration& step : sqlite::migrations()) EXPECT_EQ(step.version, expected++);
}

// The first released version, kept as it was, whatever the schema files say today.
constexpr const char* kVersion1 = R"sql(
PRAGMA application_id = 0x44796E61;
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL
) STRICT;
INSERT INTO meta (one, epoch) VALUES (1, 0);
CREATE TABLE flow_version (
  hash TEXT NOT NULL PRIMARY KEY CHECK (hash <> ''),
  id TEXT NOT NULL,
  ns TEXT NOT NULL,
  canonical TEXT NOT NULL
) STRICT;
CREATE TABLE run (
  no INTEGER PRIMARY KEY CHECK (no >= 1),
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  flow_id TEXT NOT NULL,
  ns TEXT NOT NULL,
  flow_hash TEXT NOT NULL,
  folder TEXT NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'pending' OR state = 'running' OR state = 'paused' OR state = 'completed'
    OR state = 'warning' OR state = 'error' OR state = 'cancelled'),
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  CONSTRAINT run_error_is_complete CHECK (
    error_code IS NULL
    OR (error_code <> '' AND ifnull(error_message, '') <> '' AND ifnull(error_phase, '') <> ''
        AND ifnull(error_owner, '') <> '' AND error_retryable IS NOT NULL
        AND error_exit_code IS NOT NULL))
) STRICT;
CREATE INDEX run_flow ON run (flow_id);
CREATE INDEX run_unfinished ON run (no)
  WHERE state <> 'completed' AND state <> 'warning' AND state <> 'error' AND state <> 'cancelled';
CREATE TABLE task (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'completed' OR state = 'pending' OR state = 'queued' OR state = 'started'
    OR state = 'error' OR state = 'skipped' OR state = 'blocked' OR state = 'cancelled'),
  attempt INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  outputs TEXT NOT NULL,
  blocked_by TEXT NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  PRIMARY KEY (run, path),
  CONSTRAINT task_error_is_complete CHECK (
    (error_code IS NULL AND state <> 'error')
    OR (ifnull(error_code, '') <> '' AND ifnull(error_message, '') <> ''
        AND ifnull(error_phase, '') <> '' AND ifnull(error_owner, '') <> ''
        AND error_retryable IS NOT NULL AND error_exit_code IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  state TEXT NOT NULL CHECK (
    state = 'completed' OR state = 'created' OR state = 'dispatched' OR state = 'acknowledged'
    OR state = 'started' OR state = 'failed' OR state = 'cancelled'),
  created_at INTEGER NOT NULL,
  dispatched_at INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  known_dead INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  PRIMARY KEY (run, path, attempt),
  CONSTRAINT attempt_failure_has_an_error CHECK (
    CASE WHEN state <> 'failed' THEN error_code IS NULL
    ELSE ifnull(error_code, '') <> '' AND ifnull(error_message, '') <> ''
      AND ifnull(error_phase, '') <> '' AND ifnull(error_owner, '') <> ''
      AND error_retryable IS NOT NULL AND error_exit_code IS NOT NULL END)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attempt_live ON attempt (run, path)
  WHERE state <> 'completed' AND state <> 'failed' AND state <> 'cancelled';
CREATE TABLE history (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  path TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  run_state TEXT NOT NULL CHECK (
    run_state = '' OR run_state = 'pending' OR run_state = 'running' OR run_state = 'paused'
    OR run_state = 'completed' OR run_state = 'warning' OR run_state = 'error'
    OR run_state = 'cancelled'),
  task_state TEXT NOT NULL CHECK (
    task_state = '' OR task_state = 'completed' OR task_state = 'pending' OR task_state = 'queued'
    OR task_state = 'started' OR task_state = 'error' OR task_state = 'skipped'
    OR task_state = 'blocked' OR task_state = 'cancelled'),
  attempt_state TEXT NOT NULL CHECK (
    attempt_state = '' OR attempt_state = 'completed' OR attempt_state = 'created'
    OR attempt_state = 'dispatched' OR attempt_state = 'acknowledged'
    OR attempt_state = 'started' OR attempt_state = 'failed' OR attempt_state = 'cancelled'),
  detail TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
)sql";

constexpr const char* kVersion1Rows = R"sql(
UPDATE meta SET epoch = 41;
INSERT INTO flow_version VALUES ('h1', 'sales', 'team', '{}');
INSERT INTO run VALUES (3, 'run-3', 'sales', 'team', 'h1', '/flows', '{"day":1}', '', 'running',
  10, 11, 0, 99, 2, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO task VALUES (3, 'load', 'error', 1, 0, 12, 20, 0, '', '',
  'EXIT_NONZERO', 'exit code 3', 'run', 1, 'team', 3);
INSERT INTO attempt VALUES (3, 'load', 1, 'failed', 12, 13, 14, 15, 20, 0, 0, 1,
  'EXIT_NONZERO', 'exit code 3', 'run', 1, 'team', 3);
INSERT INTO history VALUES (3, 1, 20, 'load', 1, '', 'error', 'failed',
  'EXIT_NONZERO: exit code 3');
)sql";

TEST_F(Migrations, AStateOfVersion1IsBroughtHereWithAllItHolds) {
  std::filesystem::create_directory(layout().folder());
  meddle(std::string(kVersion1) + kVersion1Rows + "PRAGMA journal_mode = WAL");

  open();

  EXPECT_EQ(store().epoch(), 42U);
  EXPECT_EQ(store().find_flow("h1").value(), (FlowVersionRow{"h1", "sales", "team", "{}"}));
  const RunSnapshot snapshot = store().load_run(3).value();
  EXPECT_EQ(snapshot.run.id.value, "run-3");
  EXPECT_EQ(snapshot.run.inputs, R"({"day":1})");
  EXPECT_EQ(snapshot.run.state, RunState::kRunning);
  EXPECT_EQ(snapshot.run.deadline_at, 99);
  ASSERT_EQ(snapshot.tasks.size(), 1U);
  EXPECT_EQ(snapshot.tasks[0].error->message, "exit code 3");
  ASSERT_EQ(snapshot.attempts.size(), 1U);
  EXPECT_EQ(snapshot.attempts[0].state, AttemptState::kFailed);
  EXPECT_EQ(snapshot.attempts[0].error, snapshot.tasks[0].error);
  const HistoryRow entry{3,
                         1,
                         20,
                         "load",
                         1,
                         std::nullopt,
                         TaskState::kError,
                         AttemptState::kFailed,
                         "EXIT_NONZERO: exit code 3"};
  EXPECT_EQ(store().list_history(3, 0, 9).value(), std::vector{entry});
  EXPECT_EQ(snapshot.run.scheduled, Scheduled{});
  must_commit(store(), new_run(4));
}

// A state of version 1 brought to `version` by the steps in between.
std::string state_of_version(int version) {
  std::string sql = std::string(kVersion1) + kVersion1Rows;
  for (const Migration& step : sqlite::migrations()) {
    if (step.version > 1 && step.version <= version) sql += step.sql;
  }
  return sql;
}

TEST_F(Migrations, AStateOfVersion4KeepsItsRunsAndGetsTicks) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(4) +
         "INSERT INTO hold VALUES (3, 'load', 'held', 1, 'rows', '', '', 30, 0);"
         "PRAGMA journal_mode = WAL");

  open();

  EXPECT_EQ(store().load_run(3).value().holds.size(), 1U);
  EXPECT_EQ(store().find_run(3).value().scheduled, Scheduled{});
  TickRow tick;
  tick.flow_id = "sales";
  tick.trigger = "nightly";
  tick.state = TickState::kBegun;
  ChangeSet changes;
  changes.ticks.push_back(tick);
  must_commit(store(), changes);
  TickFilter filter;
  filter.flow_id = "sales";
  EXPECT_EQ(store().list_ticks(filter).value(), std::vector{tick});
}

TEST_F(Migrations, AStateOfVersion5KeepsItsRunsAndGetsBackfills) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(5) + "PRAGMA journal_mode = WAL");

  open();

  const RunRow run = store().find_run(3).value();
  EXPECT_EQ(run.rerun_of, 0);
  EXPECT_EQ(run.backfill, "");
  BackfillRow backfill;
  backfill.no = 1;
  backfill.id = "b";
  backfill.trigger = "nightly";
  backfill.end = 1;
  ChangeSet changes;
  changes.backfills.push_back(backfill);
  must_commit(store(), changes);
  backfill.from = backfill.state;
  EXPECT_EQ(store().list_backfills({}).value(), std::vector{backfill});
}

TEST_F(Migrations, AStateOfVersion6KeepsItsRunsAndGetsFlowsByName) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(6) + "PRAGMA journal_mode = WAL");

  open();

  EXPECT_EQ(store().find_flow("h1").value().id, "sales");
  EXPECT_TRUE(store().list_applied({}).value().empty());
  AppliedFlowRow applied;
  applied.flow_id = "sales";
  applied.version = 1;
  applied.hash = "h1";
  ChangeSet changes;
  changes.applied.push_back(applied);
  must_commit(store(), changes);
  applied.from = 1;
  EXPECT_EQ(store().list_applied({}).value(), std::vector{applied});
  EXPECT_EQ(store().count_runs("team", "sales").value().size(), 1U);
}

TEST_F(Migrations, AStateOfVersion6KeepsItsRunsWhichMayLookIntoACache) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(6) + "PRAGMA journal_mode = WAL");

  open();

  EXPECT_FALSE(store().find_run(3).value().no_cache);
  ChangeSet changes = new_run(4);
  changes.runs.front().no_cache = true;
  must_commit(store(), changes);
  EXPECT_TRUE(store().find_run(4).value().no_cache);
}

TEST_F(Migrations, AStateOfVersion13KeepsItsFlowsWhichAreEnabled) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(13) +
         "INSERT INTO applied_flow VALUES ('team', 'sales', 2, 'h1', '/flows', '/flows/s.yaml', 30,"
         " 0);"
         "INSERT INTO applied_version (ns, flow_id, version, hash, folder, file, applied_at)"
         " VALUES ('team', 'sales', 2, 'h1', '/flows', '/flows/s.yaml', 30);"
         "PRAGMA journal_mode = WAL");

  open();

  AppliedFlowRow applied = store().find_applied("team", "sales").value();
  EXPECT_EQ(applied.version, 2);
  EXPECT_EQ(applied.file, "/flows/s.yaml");
  EXPECT_EQ(applied.disabled, Disabling{});
  applied.disabled = {40, "ann", "broken"};
  ChangeSet changes;
  changes.applied.push_back(applied);
  must_commit(store(), changes);
  EXPECT_EQ(store().find_applied("team", "sales").value(), applied);
}

TEST_F(Migrations, AStateOfVersion14TakesPositionsOfInputs) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(14) + "PRAGMA journal_mode = WAL");

  open();

  ChangeSet changes;
  changes.positions.push_back({"orders", "offset 7"});
  must_commit(store(), changes);
  EXPECT_EQ(store().find_position("orders").value(), "offset 7");
}

TEST_F(Migrations, AStateOfVersion15KeepsItsTokensAndTakesThoseOfTaskServers) {
  std::filesystem::create_directory(layout().folder());
  const std::string hash(64, 'a');
  meddle(state_of_version(15) + "INSERT INTO token VALUES ('k1', 'service', '" + hash +
         "', '', 'ci', 'viewer@acme', 'ann',"
         " 10, 0, 0); PRAGMA journal_mode = WAL");

  open();

  std::vector<TokenRow> tokens = store().list_tokens().value();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].name, "ci");
  tokens[0].id = "k2";
  tokens[0].kind = TokenKind::kServer;
  ChangeSet changes;
  changes.tokens.push_back(tokens[0]);
  must_commit(store(), changes);
  EXPECT_EQ(store().list_tokens().value().size(), 2U);
}

TEST_F(Migrations, AStateOfVersion17KeepsItsFlowsAndTakesTheirTexts) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(17) +
         "INSERT INTO applied_flow VALUES ('team', 'sales', 2, 'h1', '/flows', '/flows/s.yaml', 30,"
         " 0, 0, '', '');"
         "INSERT INTO applied_version VALUES ('team', 'sales', 2, 'h1', '/flows', '/flows/s.yaml',"
         " 30); PRAGMA journal_mode = WAL");

  open();

  AppliedFlowRow applied = store().find_applied("team", "sales").value();
  EXPECT_EQ(applied.source, "");
  EXPECT_EQ(store().list_versions({"team", "sales", 0, 9}).value().at(0).source, "");
  const FlowSourceRow source{std::string(64, 'a'), "id: sales  # ours\n"};
  applied.source = source.hash;
  ChangeSet changes;
  changes.applied.push_back(applied);
  changes.sources.push_back(source);
  must_commit(store(), changes);
  EXPECT_EQ(store().find_applied("team", "sales").value(), applied);
  EXPECT_EQ(store().find_source(source.hash).value(), source.text);
}

TEST_F(Migrations, AttemptsOfVersion19HaveNoPlaceAndLaterOnesMayHave) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(19) + "PRAGMA journal_mode = WAL");

  open();

  AttemptRow attempt = store().list_attempts(3).value().at(0);
  EXPECT_EQ(attempt.place, PlaceHold{});
  attempt.from = std::nullopt;
  attempt.attempt = 2;
  attempt.place = {"big", PlaceType::kDocker, 500, 1};
  ChangeSet changes;
  changes.attempts.push_back(attempt);
  must_commit(store(), changes);
  EXPECT_EQ(store().list_attempts(3).value().at(1).place, attempt.place);
}

TEST_F(Migrations, AStateOfVersion18KeepsItsNoticesAndTheirNumbers) {
  std::filesystem::create_directory(layout().folder());
  const std::string values = ", 5, 'lost', 'orders', '', '', '', 0, '', '', 'it is lost');";
  meddle(state_of_version(18) + "INSERT INTO notice VALUES (3, 'a'" + values +
         "INSERT INTO notice VALUES (8, 'b'" + values +
         "DELETE FROM notice WHERE no = 8; PRAGMA journal_mode = WAL");

  open();

  ChangeSet changes;
  NoticeRow notice;
  notice.id = "r1/held/load/1";
  notice.kind = NoticeKind::kHeld;
  notice.team = "orders";
  notice.text = "rows: 4, at least 100 expected";
  changes.notices = {notice, notice};
  must_commit(store(), changes);
  const auto all = store().list_notices({}).value();
  ASSERT_EQ(all.size(), 2U);
  notice.no = 9;  // no number comes twice
  EXPECT_EQ(all[0], notice);
  EXPECT_EQ(all[1].no, 3);
  EXPECT_EQ(all[1].kind, NoticeKind::kLost);
}

TEST_F(Migrations, AStateOfVersion16TakesNotices) {
  std::filesystem::create_directory(layout().folder());
  meddle(state_of_version(16) + "PRAGMA journal_mode = WAL");

  open();

  ChangeSet changes;
  NoticeRow notice;
  notice.id = "r1/failed/load";
  notice.team = "orders";
  notice.text = "it failed";
  changes.notices.push_back(notice);
  must_commit(store(), changes);
  notice.no = 1;
  EXPECT_EQ(store().list_notices({}).value(), std::vector{notice});
}

}  // namespace
}  // namespace cordyna
