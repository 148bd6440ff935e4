/// Runs of events that have begun and are not written, for a loop whose runs leave nothing behind
/// once they have completed.
///
/// The event stands for such a run: it stays pending in the store, and begins again after a crash,
/// just as an attempt without a result is carried out again. When the run completes, the event is
/// written as one that has had its run, and nothing else is. When something else comes of it (an
/// attempt failed, one of several tasks ended, flows change), all its rows are written as if they
/// had been from the beginning, and its event with them. Of a run that is written, all rows go when
/// it completes.
///
/// Single-threaded, no I/O. Part of Loop, which commits.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "model/rows.hpp"

namespace cordyna {

class UnwrittenRuns {
 public:
  /// Takes out of the changes what need not be written. Next comes `saved`, or, where the store
  /// refused them, `rows`.
  void take_out(ChangeSet& changes);
  /// The changes are saved. Puts back what happened and was not written, for who looks on.
  void saved(ChangeSet& changes);
  /// What the store lacks of runs that have begun, as of the last changes that were saved.
  [[nodiscard]] ChangeSet rows() const;

 private:
  struct Rows {
    EventRow event{};  ///< what changes of it with the run; 0: there is none
    std::vector<RunRow> runs{};
    std::vector<TaskRow> tasks{};
    std::vector<AttemptRow> attempts{};
    std::vector<HistoryRow> history{};
    bool wanted = false;  ///< something beside refers to the run
  };
  using RowsOf = std::map<RunNo, Rows>;

  void note_begun(ChangeSet& changes);
  void note_completed(ChangeSet& changes);
  template <class Row>
  void sort_out(ChangeSet& changes, std::vector<Row> ChangeSet::* of, std::vector<Row> Rows::* own);
  template <class Row>
  void note_wanted(const std::vector<Row>& rows);
  void settle(RunNo run, Rows fresh, bool flows_change, ChangeSet& changes);
  void leave(RowsOf::iterator held);
  void write_held(ChangeSet& changes);
  static void merge(Rows&& fresh, Rows& into);
  static void append(const Rows& rows, ChangeSet& changes);
  [[nodiscard]] static bool has_only_begun(const Rows& rows);

  RowsOf held_;                // begun, and saved so far only by their events
  RowsOf fresh_;               // rows of the present changes
  std::set<RunNo> completed_;  // in the present changes
  RowsOf arriving_;            // held as soon as the present changes are saved
  std::vector<Rows> leaving_;  // held no more as soon as they are
  ChangeSet untold_;           // what happened and is not written
};

}  // namespace cordyna
