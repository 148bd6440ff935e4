// How a loop is made anew from the rows, where the store refused what this one decided.
#include <algorithm>
#include <utility>

#include "cerebro/loop.hpp"

namespace cordyna {

Result<std::unique_ptr<Loop>> Loop::anew(Millis now, Millis wall) const {
  // Processes are at them already: as they have begun, they must not begin again.
  if (unwritten_.has_value()) TRY(store_.commit(unwritten_->rows()));
  auto next = std::make_unique<Loop>(made_.limits, store_, made_.evaluator, loader_, made_.ticks,
                                     made_.subflows, made_.audit, made_.events_max,
                                     made_.forgets_completed);
  next->process_ = process_;
  next->listener_ = listener_;
  next->patient_ = patient_;
  TRY(next->take_over(now, wall, *this));
  const auto done = next->step(now, wall);
  if (!done.has_value() && !next->waits()) return std::unexpected<Error>(done.error());
  return next;
}

Result<> Loop::take_over(Millis now, Millis wall, const Loop& before) {
  TRY(know_state(now));
  before.engine_.slots().each_line([this](const LineRoom& room) { engine_.set_room(room); });
  std::set<RunNo> runs = before.refused_runs_;
  if (before.unwritten_.has_value()) {
    // Processes may still know the number of a run that has left nothing.
    next_no_ = std::max(next_no_, before.next_no_);
    const ChangeSet begun = before.unwritten_->rows();
    for (const RunRow& row : begun.runs) runs.insert(row.no);
  }
  for (const RunNo no : before.engine_.runs()) runs.insert(no);
  for (const RunNo no : runs) {
    const auto row = store_.find_run(no);
    if (!row.has_value() && row.error().code == ErrorCode::kNotFound) continue;  // never saved
    if (!row.has_value()) return std::unexpected<Error>(row.error());
    if (is_final(row->state)) continue;
    if (!before.restored_.contains(no)) known_.insert(no);
    TRY(take_up(now, *row));
  }
  std::set<BackfillNo> backfills = before.refused_backfills_;
  for (const BackfillNo no : before.backfiller_.kept()) backfills.insert(no);
  for (const BackfillNo no : backfills) {
    const auto row = store_.find_backfill(no);
    if (row.has_value() && !is_final(row->state)) TRY(steer(now, {no, BackfillOp::kTakeUp}));
  }
  if (before.serving_) {
    TRY(serve(now, {true, wall}));
  } else {
    TRY(keep(now, {before.ticker_.kept(), wall}));
  }
  return {};
}

/// Their processes were told of them by the loop before. Runs that other runs carry out are not
/// processes: nobody else remembers those.
void Loop::forget_known_adoptions() {
  std::erase_if(decision_.adoptions, [this](const StartAttempt& adoption) {
    return known_.contains(adoption.key.run) && !subflows_.is_for(*adoption.flow, adoption.task);
  });
  known_.clear();
}

}  // namespace cordyna
