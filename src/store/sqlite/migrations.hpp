/// The schema as numbered steps, forward only. Generated from schema/*.sql by CMakeLists.txt.
#pragma once

#include <span>

#include "base/result.hpp"
#include "store/sqlite/database.hpp"

namespace cordyna::sqlite {

/// Each step ends with `PRAGMA user_version = version`; versions ascend by one from 1.
struct Migration {
  int version;
  const char* sql;
};

[[nodiscard]] std::span<const Migration> migrations();

/// What a writing connection sets before anything else.
[[nodiscard]] const char* connection_settings();

/// Brings the file from the version it has to that of the last step: all of it, or nothing.
/// Errors: kCorrupt: it is of a newer version; otherwise those of the database.
[[nodiscard]] Result<> migrate(Database& database, std::span<const Migration> steps);

/// Whether the file is a state at all. Errors: kCorrupt: it is damaged, or something else.
[[nodiscard]] Result<> check_identity(Database& database);

/// Whether the rules of the state, as this connection has read them, are those of the last step: a
/// bit that a read gave wrong makes other rules of them. Errors: kCorrupt: they are others.
[[nodiscard]] Result<> check_schema(Database& database);

/// For who may not migrate. Errors: kCorrupt: newer; kUnavailable: older.
[[nodiscard]] Result<> check_version(Database& database, std::span<const Migration> steps);

inline constexpr int kApplicationId = 0x44796E61;  ///< "Dyna"

}  // namespace cordyna::sqlite
