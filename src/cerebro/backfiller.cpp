#include "cerebro/backfiller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/check.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
namespace {

// Times that one step deals with before it lets go: one transaction holds all that it starts.
constexpr std::size_t kTimesPerStep = 1000;

bool ended_well(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

/// Errors: kConflict: what is asked for has the id of one that is another. An end that lay in the
/// future was cut off at the time of the asking: so a later one may be the same.
Result<> agrees(const BackfillRow& asked, const BackfillRow& known) {
  const auto rest = [](const BackfillRow& row) {
    return std::tie(row.ns, row.flow_id, row.trigger, row.inputs, row.begin, row.every,
                    row.parallel, row.only_missing, row.newest_first);
  };
  if (rest(asked) == rest(known) && asked.end >= known.end) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("backfill {} was begun with the same id or Idempotency-Key, and is of "
                          "something else",
                          known.no));
}

}  // namespace

std::vector<BackfillNo> Backfiller::kept() const {
  std::vector<BackfillNo> all;
  all.reserve(kept_.size());
  for (const auto& one : kept_) all.push_back(one.first);
  return all;
}

Result<Backfiller::Kept> Backfiller::make(BackfillRow row, std::shared_ptr<const Flow> flow) const {
  CHECK(ports_.backfill && ports_.inputs && ports_.make_id);
  TRY_ASSIGN(TriggerSpec spec, ports_.backfill(*flow, row));
  if (row.every > 0) {
    schedule::Span times(row.every, row.begin, row.end);
    return Kept{std::move(row), std::move(flow), {}, std::move(spec), std::move(times), {}, false};
  }
  TRY_ASSIGN(schedule::Schedule schedule, schedule::Schedule::of(spec));
  schedule::Span times(std::move(schedule), row.begin, row.end);
  return Kept{std::move(row), std::move(flow), {}, std::move(spec), std::move(times), {}, false};
}

Result<BackfillNo> Backfiller::next_no() {
  if (last_no_ == 0) {
    TRY_ASSIGN(const auto newest, store_.list_backfills({.limit = 1}));
    if (!newest.empty()) last_no_ = newest.front().no;
  }
  return last_no_ + 1;
}

Result<BackfillNo> Backfiller::begin(Millis now, BackfillRequest request, const Hands& hands,
                                     ChangeSet& out) {
  for (const auto& [no, kept] : kept_) {
    if (kept.row.id != request.row.id) continue;
    TRY(agrees(request.row, kept.row));
    return no;
  }
  // One that was begun through an owner that has gone meanwhile.
  TRY_ASSIGN(const auto known, store_.list_backfills({.limit = kBackfillTimesMax}));
  const auto same = std::ranges::find(known, request.row.id, &BackfillRow::id);
  if (same != known.end()) {
    TRY(agrees(request.row, *same));
    if (is_final(same->state)) return same->no;
    return steer(now, same->no, BackfillOp::kTakeUp, hands, out);
  }
  TRY(hands.check(request.row.ns, request.row.flow_id));
  TRY_ASSIGN(request.row.no, next_no());
  BackfillRow& row = request.row;
  row.from = std::nullopt;
  row.state = BackfillState::kRunning;
  row.cursor = row.newest_first ? row.end : row.begin - 1;
  row.created_at = now;
  TRY_ASSIGN(Kept kept, make(std::move(row), std::move(request.flow)));
  out.flows.push_back({kept.flow->hash, kept.flow->id, kept.flow->ns, request.canonical});
  kept.canonical = std::move(request.canonical);
  out.backfills.push_back(kept.row);
  kept.row.from = kept.row.state;
  const BackfillNo no = last_no_ = kept.row.no;
  kept_.emplace(no, std::move(kept));
  return no;
}

Result<Backfiller::Kept*> Backfiller::take_up(BackfillNo no, BackfillOp op, const Hands& hands) {
  const auto found = kept_.find(no);
  if (found != kept_.end()) return &found->second;
  TRY_ASSIGN(BackfillRow row, store_.find_backfill(no));
  // The owner that cancelled it may have gone before its runs had ended.
  const bool again = op == BackfillOp::kCancel && row.state == BackfillState::kCancelled;
  if (is_final(row.state) && !again) {
    return fail(ErrorCode::kConflict,
                fmt::format("backfill {} has ended: {}", no, to_string(row.state)));
  }
  TRY_ASSIGN(auto flow, hands.load(row));
  TRY_ASSIGN(const FlowVersionRow version, store_.find_flow(row.flow_hash));
  TRY_ASSIGN(Kept kept, make(std::move(row), std::move(flow)));
  kept.canonical = version.canonical;
  RunFilter runs;
  runs.backfill = std::to_string(no);
  runs.limit = kBackfillTimesMax;
  TRY_ASSIGN(const std::vector<RunRow> all, store_.list_runs(runs));
  kept.bad = kept.row.refused > 0;
  for (const RunRow& run : all) {
    if (is_final(run.state)) {
      kept.bad = kept.bad || !ended_well(run.state);
      continue;
    }
    TRY(hands.take_up(run));
    kept.live.insert(run.no);
  }
  return &kept_.emplace(no, std::move(kept)).first->second;
}

Result<BackfillNo> Backfiller::steer(Millis now, BackfillNo no, BackfillOp op, const Hands& hands,
                                     ChangeSet& out) {
  if (op == BackfillOp::kLeave) {
    kept_.clear();
    return 0;
  }
  TRY_ASSIGN(Kept* const kept, take_up(no, op, hands));
  const BackfillState state = kept->row.state;
  if (is_final(state)) {
    if (op == BackfillOp::kCancel && state == BackfillState::kCancelled) return no;
    return fail(ErrorCode::kConflict,
                fmt::format("backfill {} has ended: {}", no, to_string(state)));
  }
  switch (op) {
    case BackfillOp::kLeave:
    case BackfillOp::kTakeUp: break;
    case BackfillOp::kPause:
      if (state != BackfillState::kPaused) write(*kept, BackfillState::kPaused, out);
      break;
    case BackfillOp::kResume:
      if (state != BackfillState::kRunning) write(*kept, BackfillState::kRunning, out);
      break;
    case BackfillOp::kCancel:
      kept->row.ended_at = now;
      write(*kept, BackfillState::kCancelled, out);
      for (const RunNo run : kept->live) hands.cancel(run);
      break;
  }
  return no;
}

void Backfiller::write(Kept& kept, BackfillState to, ChangeSet& out) {
  kept.row.state = to;
  out.backfills.push_back(kept.row);
  kept.row.from = to;
}

void Backfiller::hear(Kept& kept, const ChangeSet& out) {
  for (const RunRow& run : out.runs) {
    if (!is_final(run.state) || kept.live.erase(run.no) == 0) continue;
    kept.bad = kept.bad || !ended_well(run.state);
  }
}

Result<> Backfiller::advance(Millis now, const Hands& hands, ChangeSet& out) {
  behind_ = false;
  for (auto at = kept_.begin(); at != kept_.end();) {
    Kept& kept = at->second;
    hear(kept, out);
    if (hands.may_begin && kept.row.state == BackfillState::kRunning)
      TRY(go_on(now, kept, hands, out));
    const bool done = is_final(kept.row.state) && kept.live.empty();
    at = done ? kept_.erase(at) : std::next(at);
  }
  return {};
}

Result<> Backfiller::go_on(Millis now, Kept& kept, const Hands& hands, ChangeSet& out) {
  BackfillRow& row = kept.row;
  bool moved = false;
  for (std::size_t times = 0; kept.live.size() < row.parallel; ++times) {
    if (times == kTimesPerStep) {
      behind_ = true;
      break;
    }
    const auto tick =
        row.newest_first ? kept.times.before(row.cursor) : kept.times.after(row.cursor);
    if (!tick.has_value()) {
      if (!kept.live.empty()) break;
      row.ended_at = now;
      write(kept, kept.bad ? BackfillState::kError : BackfillState::kCompleted, out);
      return {};
    }
    if (row.only_missing) {
      TRY_ASSIGN(const bool done, store_.is_done({row.ns, row.flow_id, row.trigger, tick->at}));
      if (done) {
        row.cursor = tick->at;
        ++row.skipped;
        moved = true;
        continue;
      }
    }
    const auto run = begin_run(now, kept, *tick, hands);
    row.cursor = tick->at;
    moved = true;
    if (run.has_value()) {
      ++row.started;
      kept.live.insert(*run);
      // One that its flow's `concurrency` skips has ended with its first row.
      const RunRow& newest = out.runs.back();
      if (newest.no == *run && is_final(newest.state) && kept.live.erase(*run) > 0) kept.bad = true;
    } else {
      ++row.refused;
      row.detail = fmt::format("{}: {}", format_timestamp(tick->at), run.error().message);
      kept.bad = true;
    }
  }
  if (moved) write(kept, row.state, out);
  return {};
}

Result<RunNo> Backfiller::begin_run(Millis now, const Kept& kept, const schedule::Tick& tick,
                                    const Hands& hands) const {
  engine::RunStart run;
  run.id = ports_.make_id(now);
  run.scheduled = {kept.row.trigger, tick.at, tick.interval_from};
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})", run_fields(run.id, now, run.scheduled));
  TRY_ASSIGN(run.inputs, ports_.inputs(*kept.flow, kept.spec, context));
  run.flow = kept.flow;
  run.canonical = kept.canonical;
  run.backfill = std::to_string(kept.row.no);
  return hands.start(std::move(run));
}

}  // namespace cordyna
