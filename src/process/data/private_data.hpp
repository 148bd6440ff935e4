/// Data that tells about persons leaves the state when its run has ended.
///
/// Steps before `secure` hold columns marked `pii` as they came. Such a step leaves a mark before
/// it writes the first of it: a file private/<run>/<task>-<attempt>, empty where all the attempt's
/// data goes, else with the names of the files that do. Who owns the state removes what marks name;
/// a mark goes last, so that a crash in between is made up for at the next start.
///
/// A run that ended well needs nothing of it any more. One that did not keeps it for those who look
/// into it, until the flow's next run has ended. While a rerun that takes over from it goes on, it
/// keeps all of it, whatever ends meanwhile.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "process/data/report.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// Whether the step reads columns that tell about persons.
[[nodiscard]] bool reads_pii(const Step& step);

/// Marks all the attempt will hold, durably; nothing where it reads no such columns, or where it is
/// to keep them. Errors: kUnavailable.
[[nodiscard]] Result<> mark_private(const Step& step);

/// At the end: a result without such columns may stay, and then only the rows that were set aside
/// are named. Errors: kUnavailable; the mark of all stays then.
[[nodiscard]] Result<> narrow_mark(const Step& step, const StepReport& report);

/// The owner's side. Threads: one at a time.
class PrivateData {
 public:
  /// The reader is opened only where marks are there; it sees what was committed. Without one no
  /// run is taken over.
  explicit PrivateData(StateLayout layout, std::function<Result<StoreReader*>()> open_reader = {})
      : layout_(std::move(layout)), open_reader_(std::move(open_reader)) {}

  /// What an owner before left to do. What cannot be read or removed now is tried again at the next
  /// start.
  void recover();

  void run_ended(const RunRow& run);

 private:
  void settle(const RunRow& run);
  [[nodiscard]] bool may_go(RunNo run) const;
  void remove(RunNo run);

  StateLayout layout_;
  std::function<Result<StoreReader*>()> open_reader_;
  std::set<RunNo> taken_over_;         ///< to go when the rerun that reads them has ended
  std::map<std::string, RunNo> kept_;  ///< by flow: its last run, which did not end well
};

}  // namespace cordyna::data
