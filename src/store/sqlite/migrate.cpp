#include "store/sqlite/migrations.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace cordyna::sqlite {
namespace {

constexpr const char* kVersion = "PRAGMA user_version";

std::unexpected<Error> newer(const Database& database, std::int64_t version, int newest) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("state file '{}' is a state of a newer version ({}, this dyna knows up "
                          "to {}): use the newer dyna, or another state folder",
                          database.path(), version, newest));
}

Result<> apply(Database& database, std::span<const Migration> steps, std::int64_t version) {
  TRY(database.run("BEGIN IMMEDIATE"));
  for (const Migration& step : steps) {
    if (step.version <= version) continue;
    TRY(database.run(step.sql));
    TRY_ASSIGN(const std::int64_t reached, database.number(kVersion));
    CHECK(reached == step.version);
  }
  return database.run("COMMIT");
}

}  // namespace

Result<> migrate(Database& database, std::span<const Migration> steps) {
  TRY_ASSIGN(const std::int64_t version, database.number(kVersion));
  const int newest = steps.back().version;
  if (version == newest) return {};
  if (version > newest) return newer(database, version, newest);
  Result<> applied = apply(database, steps, version);
  if (applied.has_value()) return {};
  database.roll_back();
  return fail(fmt::format("state version {} could not be brought to {}", version, newest),
              std::move(applied.error()));
}

Result<> check_identity(Database& database) {
  TRY_ASSIGN(const std::int64_t id, database.number("PRAGMA application_id"));
  if (id == kApplicationId) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("state file '{}' is no state of Cordyna: it was replaced or emptied. "
                          "Restore it from a backup, or move it and its '-wal' file away to begin "
                          "with an empty state",
                          database.path()));
}

Result<> check_schema(Database& database) {
  static constexpr std::string_view kRules =
      "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema ORDER BY 1";
  const auto rules_of = [](Database& of) -> Result<std::vector<std::string>> {
    TRY_ASSIGN(Statement rows, of.prepare(kRules));
    std::vector<std::string> rules;
    while (true) {
      TRY_ASSIGN(const bool there, rows.step());
      if (!there) return rules;
      rules.emplace_back(rows.text(0));
    }
  };
  TRY_ASSIGN(const std::unique_ptr<Database> fresh, Database::in_memory());
  TRY(migrate(*fresh, migrations()));
  TRY_ASSIGN(const std::vector<std::string> wanted, rules_of(*fresh));
  TRY_ASSIGN(const std::vector<std::string> found, rules_of(database));
  if (found == wanted) return {};
  return database.damaged("its rules are not those that it was made with");
}

Result<> check_version(Database& database, std::span<const Migration> steps) {
  TRY_ASSIGN(const std::int64_t version, database.number(kVersion));
  const int newest = steps.back().version;
  if (version == newest) return {};
  if (version > newest) return newer(database, version, newest);
  return fail(ErrorCode::kUnavailable,
              fmt::format("state file '{}' is of an older version ({}, this dyna has {}): "
                          "`dyna resume` or a new run brings it up to date",
                          database.path(), version, newest));
}

}  // namespace cordyna::sqlite
