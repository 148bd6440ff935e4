/// How far a backfill is, from the store alone: whoever carries it on.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/exit_codes.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "service/backfill_counts.hpp"

namespace cordyna::cli {

/// "backfill 3 of sales: running, 4 of 30 times; 3 completed, 1 failed, 2 running". One line,
/// without its end.
[[nodiscard]] std::string line_of(const BackfillRow& row, const BackfillCounts& counts);

/// Follows one. Threads: one.
class BackfillWatch {
 public:
  /// What is news: all of it, for who began it (a run may have ended before the first look), or
  /// what comes after the first look.
  enum class From : std::uint8_t { kBegin, kNow };

  /// Borrows the reader.
  BackfillWatch(StoreReader& reader, BackfillNo no, bool json, From from)
      : reader_(reader), no_(no), json_(json), tells_(from == From::kBegin) {}

  /// A line for each run that began or ended since the last look, where that is news. Errors: those
  /// of the store.
  [[nodiscard]] Result<std::vector<std::string>> look();

  [[nodiscard]] const BackfillRow& row() const { return row_; }
  [[nodiscard]] const BackfillCounts& counts() const { return counts_; }
  /// It has ended, and so have its runs.
  [[nodiscard]] bool ended() const { return is_final(row_.state) && counts_.live == 0; }
  /// It is paused, and nothing of it runs.
  [[nodiscard]] bool rests() const {
    return row_.state == BackfillState::kPaused && counts_.live == counts_.held;
  }
  [[nodiscard]] ExitCode exit_code() const;

 private:
  [[nodiscard]] Result<std::vector<RunRow>> fresh_runs();
  [[nodiscard]] std::string news(const RunRow& run) const;
  void recount(const std::vector<RunRow>& live);

  StoreReader& reader_;
  BackfillNo no_;
  bool json_;
  bool tells_;
  BackfillRow row_;
  BackfillCounts counts_;
  BackfillCounts ended_;
  std::set<RunNo> live_;
  RunNo last_ = 0;  // the newest run that was seen
};

}  // namespace cordyna::cli
