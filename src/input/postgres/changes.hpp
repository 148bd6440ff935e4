/// The server's changes, one after another, as events, and how far they have been read.
///
/// Pure. Threads: none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cordyna/event.hpp"
#include "input/postgres/pgoutput.hpp"
#include "input/postgres/value_json.hpp"

namespace cordyna::input {

/// As the input's position in the state: {"system":"73…","lsn":"16/B374D848","changes":"3"}: of the
/// transaction that is committed at `lsn`, so many changes are kept, and all before it.
struct ChangePosition {
  std::string system;  ///< the database cluster's identifier
  Lsn lsn = 0;
  std::uint64_t changes = 0;
  auto operator<=>(const ChangePosition&) const = default;
};

[[nodiscard]] std::string to_text(const ChangePosition& position);
/// Empty: nothing was read yet. Errors: kCorrupt: it is of something else.
[[nodiscard]] Result<ChangePosition> parse_change_position(std::string_view text);

struct ChangeEvent {
  Event event;
  ChangePosition position;
  std::string key_json;  ///< of the row's primary key; "null": it has none
};

/// What the messages alone do not say of a table.
struct TableFacts {
  std::vector<std::string> key;    ///< columns of its primary key, in their order; empty: none
  std::vector<PgValueType> types;  ///< as the columns of the relation
};

class ChangeReader {
 public:
  using FindFacts = std::function<Result<TableFacts>(const PgoRelation&)>;

  /// `position`: what came up to there is passed over. Of rows above `row_bytes`, keys are told.
  ChangeReader(ChangePosition position, bool whole_rows, std::size_t row_bytes, FindFacts find)
      : position_(std::move(position)),
        whole_rows_(whole_rows),
        row_bytes_(row_bytes),
        find_(std::move(find)) {}

  /// Adds what is new to `out`. Errors: kCorrupt: it fits nothing that came before; those of
  /// `find`.
  [[nodiscard]] Result<> take(const PgoMessage& message, std::vector<ChangeEvent>& out);

  /// Whether a transaction is under way.
  [[nodiscard]] bool is_open() const { return open_; }
  /// The end of the last whole transaction; nullopt: one is under way, or none has come.
  [[nodiscard]] std::optional<Lsn> whole() const { return open_ ? std::nullopt : whole_; }

 private:
  struct Table {
    PgoRelation relation;
    TableFacts facts;
  };

  [[nodiscard]] Result<const Table*> table_of(std::uint32_t id) const;
  [[nodiscard]] Result<> take_change(const PgoChange& change, std::vector<ChangeEvent>& out);
  [[nodiscard]] Result<> take_truncate(const PgoTruncate& truncate, std::vector<ChangeEvent>& out);
  /// The next change of the transaction; false: it was kept before.
  bool count();
  [[nodiscard]] ChangeEvent begin_event(const Table& table, Operation operation) const;

  ChangePosition position_;
  bool whole_rows_;
  std::size_t row_bytes_;
  FindFacts find_;
  std::map<std::uint32_t, Table> tables_;
  PgoBegin begin_;
  bool open_ = false;
  std::uint64_t changes_ = 0;  // of the open transaction
  std::optional<Lsn> whole_;
};

}  // namespace cordyna::input
