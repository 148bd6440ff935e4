/// A publication and a slot of the database: made, looked after, and read.
///
/// Errors of all: as of PgDatabase. Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "input/postgres/changes.hpp"
#include "input/postgres/database.hpp"
#include "input/postgres/pgoutput.hpp"
#include "pg/connection.hpp"

namespace cordyna::input {

/// Of the slot and the publication of an input: "cordyna_orders_1f2e3d4c". Pure.
[[nodiscard]] std::string slot_name(std::string_view id);

class PgReplication {
 public:
  /// Borrows both.
  [[nodiscard]] static Result<PgReplication> open(const PostgresPlan& plan, const Wake& wake);

  /// The publication, as the plan wants it. Errors also: kInvalidArgument: a table has no key, so
  /// that its rows could not be changed any more; kConflict: the server's wal_level.
  [[nodiscard]] Result<> publish();
  [[nodiscard]] Result<> remove();

  enum class Slot : std::uint8_t { kNone, kReady, kLost };
  [[nodiscard]] Result<Slot> slot();
  /// From now on the server keeps what changes. One that is lost goes.
  [[nodiscard]] Result<> make_slot();

  struct Now {
    std::string system;
    Lsn lsn = 0;
  };
  [[nodiscard]] Result<Now> now();
  [[nodiscard]] Result<TableFacts> facts_of(const PgoRelation& relation);

  /// A connection of its own, from where the slot is. Errors also: kConflict: somebody reads it.
  [[nodiscard]] Result<PgConnection> stream();

 private:
  PgReplication(const PostgresPlan& plan, const Wake& wake, PgDatabase database)
      : plan_(&plan), wake_(&wake), database_(std::move(database)) {}

  [[nodiscard]] Result<> check_keys();
  [[nodiscard]] Result<PgValueType> type_of(std::uint32_t oid);

  const PostgresPlan* plan_;
  const Wake* wake_;
  PgDatabase database_;
};

}  // namespace cordyna::input
