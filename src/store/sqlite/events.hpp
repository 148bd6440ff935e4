/// Events, in and out of the database.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/event.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "store/sqlite/database.hpp"

namespace cordyna::sqlite {

/// Keeps its statements: events come by thousands a second. Threads: one at a time.
class EventWriter {
 public:
  /// Borrows the database.
  explicit EventWriter(Database& database) : database_(database) {}

  /// Within the transaction that is open. Errors: kConflict: an event of this trigger and id is
  /// there already, or one is not in the state that its `from` names; those of the database.
  [[nodiscard]] Result<> write(const ChangeSet& changes);

 private:
  [[nodiscard]] Result<> insert(const EventRow& row);
  [[nodiscard]] Result<> change(const EventRow& row);
  [[nodiscard]] Result<> put(const PositionRow& row);
  [[nodiscard]] Result<> forget(const PositionRow& mark);

  Database& database_;
  std::optional<Statement> insert_;
  std::optional<Statement> change_;
  std::optional<Statement> remove_;
  std::optional<Statement> position_;
  std::optional<Statement> forget_;
};

/// As the calls of the same names of StoreReader.
class EventQueries {
 public:
  explicit EventQueries(Database& database) : database_(database) {}

  [[nodiscard]] Result<EventRow> find(EventNo no);
  [[nodiscard]] Result<std::optional<EventRow>> find(const EventKey& key);
  [[nodiscard]] Result<std::vector<EventRow>> list(const EventFilter& filter);
  [[nodiscard]] Result<std::vector<EventRow>> list_pending(EventNo after, std::uint32_t limit);
  [[nodiscard]] Result<std::vector<OldEvent>> list_old(EventNo after, Millis before,
                                                       std::uint32_t limit);
  [[nodiscard]] Result<EventCounts> count();
  [[nodiscard]] Result<std::vector<OpenEvents>> count_open(std::uint32_t limit);
  [[nodiscard]] Result<std::string> position(std::string_view input);
  [[nodiscard]] Result<std::vector<PositionRow>> marks(std::string_view input,
                                                       std::string_view after, std::uint32_t limit);
  [[nodiscard]] Result<LastEvent> last(std::string_view ns, std::string_view flow_id,
                                       std::string_view trigger);

 private:
  Database& database_;
  std::optional<Statement> by_key_;  // asked for each event that comes
};

}  // namespace cordyna::sqlite
