/// The history of a run as updates, from the store: for what happened before one looked, and for
/// whatever a slow view missed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "ports/store.hpp"
#include "service/update.hpp"

namespace cordyna {

/// Threads: one, that of its reader.
class History {
 public:
  explicit History(StoreReader& reader) : reader_(reader) {}

  /// After `after_seq`, in order, at most `limit`; with the errors of attempts that failed.
  [[nodiscard]] Result<std::vector<Update>> read(RunNo run, std::int64_t after_seq,
                                                 std::uint32_t limit);

 private:
  using Key = std::pair<std::string, std::uint32_t>;

  /// The error of an attempt; null: there is none.
  Result<std::shared_ptr<const TaskError>> error_of(const HistoryRow& row);

  StoreReader& reader_;
  RunNo run_ = 0;  // whose errors are below
  std::map<Key, std::shared_ptr<const TaskError>> errors_;
};

}  // namespace cordyna
