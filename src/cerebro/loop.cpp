#include "cerebro/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "cerebro/surroundings.hpp"
#include "engine/takeover.hpp"

namespace cordyna {
namespace {

/// What is asked for while something runs, may end it, or makes room, is not.
bool begins_work(const Command& command) {
  return std::holds_alternative<SubmitSignal>(command) ||
         std::holds_alternative<RerunSignal>(command) ||
         std::holds_alternative<BackfillSignal>(command) ||
         std::holds_alternative<ApplySignal>(command) ||
         std::holds_alternative<EventSignal>(command) ||
         std::holds_alternative<IntakeSignal>(command);
}

/// Of one of the rows, not of the state as a whole: the others can be saved.
bool is_of_a_row(const Error& error) {
  return error.code == ErrorCode::kConflict || error.code == ErrorCode::kInvalidArgument ||
         error.code == ErrorCode::kInternal;
}

}  // namespace

Loop::Loop(engine::Limits limits, Store& store, const Evaluator& evaluator, FlowLoader loader,
           TickPorts ticks, SubflowPorts subflows, AuditHash audit, std::size_t events_max,
           bool forgets_completed)
    : made_{std::move(limits), evaluator,  std::move(ticks), std::move(subflows),
            std::move(audit),  events_max, forgets_completed},
      store_(store),
      loader_(loader),
      limits_(made_.limits),
      engine_(made_.limits, evaluator),
      ticker_(store, made_.ticks),
      backfiller_(store, made_.ticks),
      subflows_(store, evaluator, made_.subflows),
      disabled_(store),
      events_(store, evaluator, disabled_, loader, made_.ticks, events_max),
      ends_(store),
      applier_(store, std::move(loader)),
      auditor_(store, made_.audit) {
  if (forgets_completed) unwritten_.emplace();
}

Result<RunNo> Loop::apply(Millis now, const Command& command) {
  if (failed_) return fail(ErrorCode::kUnavailable, "cerebro has stopped");
  if (const auto* signal = std::get_if<RoomSignal>(&command)) {  // nothing to save: always right
    for (const LineRoom& room : signal->rooms) engine_.set_room(room);
    return 0;
  }
  if (waits()) {
    return fail(ErrorCode::kNoSpace,
                "the disk is full: nothing can be saved until there is space again");
  }
  if (patient_ && begins_work(command)) TRY(look_for_room());
  struct Visitor {
    Loop& loop;
    Millis now;
    Result<RunNo> operator()(const SubmitSignal& s) const { return loop.submit(now, s.request); }
    Result<RunNo> operator()(const RerunSignal& s) const { return loop.rerun(now, s.request); }
    Result<RunNo> operator()(const BackfillSignal& s) const {
      return loop.backfill(now, s.request);
    }
    Result<RunNo> operator()(const RemoveSignal& s) const { return loop.remove(s); }
    Result<RunNo> operator()(const SteerSignal& s) const { return loop.steer(now, s); }
    Result<RunNo> operator()(const ResumeSignal& s) const { return loop.resume(now, s.id); }
    Result<RunNo> operator()(const CancelSignal& s) const { return loop.cancel(now, s.id); }
    Result<RunNo> operator()(const DecideSignal& s) const { return loop.decide(now, s); }
    Result<RunNo> operator()(const ApplySignal& s) const { return loop.apply_flows(now, s); }
    Result<RunNo> operator()(const SwitchFlowSignal& s) const { return loop.switch_flow(now, s); }
    Result<RunNo> operator()(const ServeSignal& s) const { return loop.serve(now, s); }
    Result<RunNo> operator()(const KeepSignal& s) const { return loop.keep(now, s); }
    Result<RunNo> operator()(const KeepsSignal& s) const {
      if (loop.ticker_.keeps(s.ns, s.flow_id)) return 0;
      return fail(ErrorCode::kNotFound, "no trigger of the flow is kept here");
    }
    Result<RunNo> operator()(const DrivesSignal& s) const { return loop.drives(now, s.id); }
    Result<RunNo> operator()(const WakeSignal&) const { return 0; }
    Result<RunNo> operator()(const IdentitySignal& s) const { return loop.change_identity(s); }
    Result<RunNo> operator()(const EventSignal& s) const {
      return loop.events_.accept(s.wall, s.request, loop.decision_.changes);
    }
    Result<RunNo> operator()(const IntakeSignal& s) const {
      return loop.events_.accept_all(s.wall, s.request, loop.decision_.changes);
    }
    Result<RunNo> operator()(const SettleSignal& s) const {
      TRY(loop.check_kept());
      return loop.events_.settle(s.wall, s.request, loop.decision_.changes);
    }
    Result<RunNo> operator()(const NoteSignal&) const { return 0; }
    Result<RunNo> operator()(const RoomSignal&) const { return 0; }
  };
  return std::visit(Visitor{*this, now}, command);
}

Result<RunNo> Loop::apply(Millis now, Millis wall, const Command& command, AuditNote note) {
  TRY_ASSIGN(const RunNo number, apply(now, command));
  const auto written = auditor_.write(wall, std::move(note), number, decision_.changes);
  if (written.has_value()) return number;
  failed_ = true;  // what was done must not be saved without its entry
  return std::unexpected<Error>(written.error());
}

void Loop::apply(Millis now, const AttemptReport& report) {
  if (failed_) return;
  if (waits()) {
    later_.push_back(report);
  } else {
    engine_.report(now, report, decision_);
  }
}

Result<RunNo> Loop::submit(Millis now, RunRequest request) {
  TRY_ASSIGN(const RunNo known, take_up_known(now, request.id, request.agrees));
  if (known != 0) return known;
  TRY(disabled_.check(request.flow->ns, request.flow->id));
  TRY(know_state(now));
  engine::RunStart run;
  run.no_cache = request.no_cache;
  run.id = std::move(request.id);
  run.flow = std::move(request.flow);
  run.canonical = std::move(request.canonical);
  run.inputs = std::move(request.inputs);
  run.scheduled = std::move(request.scheduled);
  return start(now, std::move(run));
}

/// Who asks again may do so before the first answer: what this very step decided counts, too.
Result<RunNo> Loop::take_up_known(Millis now, const RunId& id, const Agrees& agrees) {
  const auto begun = begun_now_.find(id.value);
  if (begun != begun_now_.end()) {
    const auto row = std::ranges::find(decision_.changes.runs, begun->second, &RunRow::no);
    CHECK(row != decision_.changes.runs.end());
    if (agrees) TRY(agrees(*row));
    return begun->second;
  }
  const auto known = store_.find_run(id);
  if (known.has_value()) {
    if (agrees) TRY(agrees(*known));
    return is_final(known->state) ? Result<RunNo>(known->no) : take_up(now, *known);
  }
  if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());
  return 0;
}

Result<RunNo> Loop::rerun(Millis now, RerunRequest request) {
  if (std::ranges::count(decision_.changes.removed_runs, request.of) > 0) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no run {}", request.of));
  }
  TRY_ASSIGN(const RunNo known, take_up_known(now, request.id, request.agrees));
  if (known != 0) return known;
  TRY(know_state(now));
  TRY_ASSIGN(RunSnapshot old, store_.load_run(request.of));
  if (!is_final(old.run.state)) {
    return fail(ErrorCode::kConflict,
                fmt::format("run {} has not ended ({}): only a run that has can be run again; "
                            "'dyna resume {}' takes it up, 'dyna cancel {}' ends it",
                            old.run.no, to_string(old.run.state), old.run.no, old.run.no));
  }
  TRY(disabled_.check(old.run.ns, old.run.flow_id));
  engine::RunStart run;
  run.no_cache = request.no_cache;
  if (request.flow == nullptr) {
    TRY_ASSIGN(FlowVersionRow version, store_.find_flow(old.run.flow_hash));
    TRY_ASSIGN(run.flow, loader_(version.canonical, old.run.folder));
    run.canonical = std::move(version.canonical);
  } else if (request.flow->ns != old.run.ns || request.flow->id != old.run.flow_id) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("run {} is of the flow '{}', and not of '{}'", old.run.no,
                            flow_name(old.run.ns, old.run.flow_id),
                            flow_name(request.flow->ns, request.flow->id)));
  } else {
    run.flow = std::move(request.flow);
    run.canonical = std::move(request.canonical);
  }
  TRY_ASSIGN(run.taken, engine::rows_taken(*run.flow, std::move(old.tasks), request.taken));
  run.id = std::move(request.id);
  run.inputs = std::move(request.inputs);
  run.scheduled = std::move(old.run.scheduled);
  // What ran at its own time stood for that: templates must say the same now.
  if (run.scheduled.at == 0) run.scheduled = {{}, old.run.created_at, old.run.created_at};
  run.rerun_of = old.run.no;
  return start(now, std::move(run));
}

Backfiller::Hands Loop::hands(Millis now) {
  Backfiller::Hands hands;
  hands.may_begin = !is_low();
  hands.check = [this](const std::string& ns, const std::string& flow_id) {
    return disabled_.check(ns, flow_id);
  };
  hands.start = [this, now](engine::RunStart run) { return start(now, std::move(run)); };
  hands.take_up = [this, now](const RunRow& run) { return take_up(now, run); };
  hands.cancel = [this, now](RunNo run) {
    // One that ended in this very step needs none.
    if (engine_.has_run(run)) (void)engine_.cancel_run(now, run, decision_);
  };
  hands.load = [this](const BackfillRow& row) -> Result<std::shared_ptr<const Flow>> {
    TRY_ASSIGN(const FlowVersionRow version, store_.find_flow(row.flow_hash));
    return loader_(version.canonical, row.folder);
  };
  return hands;
}

Subflows::Hands Loop::subflow_hands(Millis now) {
  Subflows::Hands hands;
  hands.start = [this, now](engine::RunStart run) -> Result<RunNo> {
    TRY(disabled_.check(run.flow->ns, run.flow->id));
    return start(now, std::move(run));
  };
  hands.take_up = [this, now](const RunRow& run) { return take_up(now, run); };
  hands.cancel = [this, now](RunNo run) {
    if (engine_.has_run(run)) (void)engine_.cancel_run(now, run, decision_);
  };
  hands.report = [this, now](const AttemptReport& report) {
    engine_.report(now, report, decision_);
  };
  return hands;
}

Result<BackfillNo> Loop::backfill(Millis now, BackfillRequest request) {
  TRY(know_state(now));
  return backfiller_.begin(now, std::move(request), hands(now), decision_.changes);
}

Result<BackfillNo> Loop::steer(Millis now, const SteerSignal& signal) {
  TRY(know_state(now));
  return backfiller_.steer(now, signal.no, signal.op, hands(now), decision_.changes);
}

Result<> Loop::know_state(Millis now) {
  if (next_no_ != 0) return {};
  TRY_ASSIGN(const RunNo last, store_.last_run_no());
  TRY_ASSIGN(const engine::Surroundings around, look_round(store_, limits_, now));
  engine_.know(now, around);
  next_no_ = last + 1;
  return {};
}

Result<RunNo> Loop::start(Millis now, engine::RunStart run) {
  TRY(know_state(now));
  run.no = next_no_;
  std::string id = run.id.value;
  TRY(engine_.start_run(now, std::move(run), decision_));
  const RunNo no = next_no_++;
  begun_now_.emplace(std::move(id), no);
  TRY(fetch_absent(now, no));
  return no;
}

/// One that cannot be taken up stays in the way; why says so.
Result<> Loop::fetch_absent(Millis now, RunNo pending) {
  const engine::Engine::Absent absent = engine_.absent(pending);
  const auto fetch = [&](RunNo no) -> Result<> {
    TRY_ASSIGN(const RunRow row, store_.find_run(no));
    TRY(restore(now, row));
    return {};
  };
  for (const RunNo no : absent.take_up) (void)fetch(no);
  for (const RunNo no : absent.cancel) {
    if (fetch(no).has_value()) TRY(engine_.cancel_run(now, no, decision_));
  }
  return {};
}

Result<RunNo> Loop::drives(Millis now, const RunId& id) {
  TRY(know_state(now));
  TRY_ASSIGN(const RunRow row, store_.find_run(id));
  if (engine_.has_run(row.no)) return row.no;
  return fail(ErrorCode::kNotFound, fmt::format("run {} is not taken up here", row.no));
}

Result<RunNo> Loop::keep(Millis now, const KeepSignal& signal) {
  TRY(know_state(now));
  TRY(ticker_.keep(signal.wall, signal.triggers, decision_.changes));
  return 0;
}

Result<std::int64_t> Loop::apply_flows(Millis now, const ApplySignal& signal) {
  // It looks at what is saved, and the schedules too: what the same step decided is not yet.
  if (!decision_.changes.applied.empty() || !decision_.changes.ticks.empty()) {
    return fail(ErrorCode::kConflict, "flows or schedules are changed right now; try again");
  }
  ChangeSet staged;
  TRY_ASSIGN(const std::int64_t count, applier_.stage(signal.wall, signal.changes, staged));
  AppliedTriggers triggers;
  if (serving_ || std::ranges::any_of(signal.changes, [](const FlowChange& change) {
        return may_wait_for_flows(change.canonical);
      })) {
    TRY_ASSIGN(triggers, applier_.triggers(staged));
    TRY(check_circles(triggers.leads));
  }
  if (serving_) {
    TRY(know_state(now));
    TRY(ticker_.keep(signal.wall, triggers.schedules, staged));
  }
  TRY(disabled_.hear(staged));
  if (serving_) ends_.listen(triggers.ends);
  ChangeSet& out = decision_.changes;
  out.flows.insert(out.flows.end(), staged.flows.begin(), staged.flows.end());
  out.applied = std::move(staged.applied);
  out.applied_versions = std::move(staged.applied_versions);
  out.sources = std::move(staged.sources);
  out.ticks = std::move(staged.ticks);
  out.positions.insert(out.positions.end(), signal.positions.begin(), signal.positions.end());
  return count;
}

/// Where an event that waits is told from one that has its run by memory alone, none is read again.
Result<> Loop::check_kept() const {
  if (!unwritten_.has_value()) return {};
  return fail(ErrorCode::kInvalidArgument,
              "no flow of this state is disabled, and no event settled");
}

/// What the same step decided before is taken along: many flows may be disabled at once.
Result<std::int64_t> Loop::switch_flow(Millis now, const SwitchFlowSignal& signal) {
  TRY(check_kept());
  ChangeSet& out = decision_.changes;
  ChangeSet staged;
  staged.flows = out.flows;
  staged.applied = out.applied;
  staged.ticks = out.ticks;
  TRY_ASSIGN(const std::int64_t changed, disabled_.set(signal.wall, signal.what, staged));
  if (changed == 0) return 0;
  if (serving_) {
    TRY(know_state(now));
    TRY_ASSIGN(const AppliedTriggers triggers, applier_.triggers(staged));
    TRY(ticker_.keep(signal.wall, triggers.schedules, staged));
  }
  TRY(disabled_.hear(staged));
  out.applied = std::move(staged.applied);
  out.ticks = std::move(staged.ticks);
  out.switched.push_back(signal.what);
  if (signal.what.enabled) events_.read_again();
  return changed;
}

Result<std::int64_t> Loop::serve(Millis now, const ServeSignal& signal) {
  AppliedTriggers triggers;
  if (signal.on) {
    if (!decision_.changes.applied.empty() || !decision_.changes.ticks.empty()) {
      return fail(ErrorCode::kConflict, "flows or schedules are changed right now; try again");
    }
    TRY_ASSIGN(triggers, applier_.triggers({}));
  }
  TRY(keep(now, {triggers.schedules, signal.wall}));
  TRY(events_.serve(signal.on, unwritten_.has_value()));
  // Runs that end while a server goes are heard still.
  if (signal.on) ends_.listen(triggers.ends);
  serving_ = signal.on;
  return std::ssize(triggers.schedules);
}

/// What is decided but not saved counts, too: else the commit would refuse all of it.
Result<RunNo> Loop::remove(const RemoveSignal& signal) {
  ChangeSet& changes = decision_.changes;
  changes.removed_ticks.insert(changes.removed_ticks.end(), signal.rows.ticks.begin(),
                               signal.rows.ticks.end());
  for (const EventNo no : signal.rows.events) {
    if (std::ranges::find(changes.events, no, &EventRow::no) == changes.events.end()) {
      changes.removed_events.push_back(no);
    }
  }
  RunNo count = 0;
  for (const RunNo no : signal.rows.runs) {
    TRY_ASSIGN(const std::vector<OldRun> found, store_.list_old_runs(no - 1, 1));
    const bool gone = found.empty() || found.front().run.no != no || found.front().needed ||
                      std::ranges::find(changes.removed_runs, no) != changes.removed_runs.end();
    if (gone || std::ranges::find(changes.runs, no, &RunRow::rerun_of) != changes.runs.end()) {
      continue;
    }
    changes.removed_runs.push_back(no);
    ++count;
  }
  return count;
}

Result<RunNo> Loop::change_identity(const IdentitySignal& signal) {
  ChangeSet& changes = decision_.changes;
  if (!signal.users.empty()) {
    TRY_ASSIGN(std::vector<UserRow> known, store_.list_users());
    known.insert(known.end(), changes.users.begin(), changes.users.end());  // not saved yet
    for (const UserRow& user : signal.users) {
      std::int64_t version = 0;
      for (const UserRow& one : known) {
        if (one.name == user.name) version = std::max(version, one.version);
      }
      if (user.version == version + 1) continue;
      return fail(ErrorCode::kConflict,
                  fmt::format("user '{}' has been changed meanwhile; read it again", user.name));
    }
  }
  changes.users.insert(changes.users.end(), signal.users.begin(), signal.users.end());
  changes.tokens.insert(changes.tokens.end(), signal.tokens.begin(), signal.tokens.end());
  changes.removed_tokens.insert(changes.removed_tokens.end(), signal.removed_tokens.begin(),
                                signal.removed_tokens.end());
  return 0;
}

Result<RunNo> Loop::resume(Millis now, const RunId& id) {
  TRY_ASSIGN(const RunRow row, store_.find_run(id));
  return take_up(now, row);
}

Result<RunNo> Loop::take_up(Millis now, const RunRow& row) {
  TRY(know_state(now));
  TRY(restore(now, row));
  TRY(fetch_absent(now, row.no));
  return row.no;
}

/// Whether a run has ended in what is decided and not saved: the store does not know it yet.
bool Loop::ended_now(RunNo run) const {
  return std::ranges::any_of(decision_.changes.runs, [run](const RunRow& row) {
    return row.no == run && is_final(row.state);
  });
}

Result<> Loop::restore(Millis now, const RunRow& row) {
  if (engine_.has_run(row.no) || ended_now(row.no)) return {};
  TRY_ASSIGN(const FlowVersionRow version, store_.find_flow(row.flow_hash));
  TRY_ASSIGN(auto flow, loader_(version.canonical, row.folder));
  TRY_ASSIGN(RunSnapshot snapshot, store_.load_run(row.no));
  restored_.insert(row.no);
  return engine_.restore_run(now, std::move(snapshot), std::move(flow), decision_);
}

Result<RunNo> Loop::cancel(Millis now, const RunId& id) {
  // Not as resume does: what a pending run waits for is no matter then.
  TRY(know_state(now));
  TRY_ASSIGN(const RunRow row, store_.find_run(id));
  TRY(restore(now, row));
  if (ended_now(row.no)) return row.no;
  TRY(engine_.cancel_run(now, row.no, decision_));
  return row.no;
}

Result<RunNo> Loop::decide(Millis now, const DecideSignal& signal) {
  TRY_ASSIGN(const RunNo no, resume(now, signal.id));
  TRY(engine_.decide(now, no, signal.decision, decision_));
  return no;
}

/// Once for all commands that one step is given; anew while there is none, so that nobody is
/// refused when there is space again.
const Result<>& Loop::look_for_room() {
  if (!room_is_known_) room_ = store_.room();
  room_is_known_ = room_.has_value();
  return room_;
}

Result<> Loop::decide_all(Millis now, Millis wall) {
  const auto starter = [this, now](engine::RunStart run) { return start(now, std::move(run)); };
  if (patient_) room_ = store_.room();
  room_is_known_ = false;
  if (!is_low()) ticker_.advance(wall, starter, decision_.changes);
  TRY(events_.advance(wall, is_low() ? nullptr : EventRouter::Starter(starter), decision_.changes));
  do {
    engine_.advance(now, decision_);
    // What was left goes out with the answer to `serve`: then processes are told of it.
  } while (unwritten_.has_value() && engine_.has_work());
  TRY(subflows_.advance(now, subflow_hands(now), decision_.changes));
  TRY(backfiller_.advance(now, hands(now), decision_.changes));
  return hear_ends(wall);
}

/// Whoever ends a run tells who waits for it, also who serves nobody, or not yet.
Result<> Loop::hear_ends(Millis wall) {
  ChangeSet& out = decision_.changes;
  const auto ended = [](const RunRow& row) { return is_final(row.state); };
  if (std::ranges::none_of(out.runs, ended)) return {};
  if (!ends_.listens()) {
    TRY_ASSIGN(const std::vector<KeptTrigger> triggers, applier_.ends());
    ends_.listen(triggers);
  }
  TRY_ASSIGN(const std::vector<EventRequest> events, ends_.hear(out));
  return events_.take(wall, events, out);
}

Result<> Loop::step(Millis now, Millis wall) {
  if (failed_) return fail(ErrorCode::kUnavailable, "cerebro has stopped");
  if (waits()) TRY(save_again(now));
  const auto decided = decide_all(now, wall);
  if (!decided.has_value()) {
    failed_ = true;
    return decided;
  }
  begun_now_.clear();
  forget_known_adoptions();
  if (unwritten_.has_value()) unwritten_->take_out(decision_.changes);
  return save(std::exchange(decision_, {}));
}

/// The engine is ahead of what is saved, so the very same changes must be saved before anything
/// else is: what a refused commit decided is kept, with its commands, and not decided again.
Result<> Loop::save(engine::Decision done) {
  if (!done.changes.empty()) {
    auto saved = store_.commit(done.changes);
    if (!saved.has_value()) {
      if (patient_ && saved.error().code == ErrorCode::kNoSpace) {
        unsaved_ = std::move(done);
      } else {
        failed_ = true;
        refused_ = is_of_a_row(saved.error());
        for (const RunRow& row : done.changes.runs) refused_runs_.insert(row.no);
        for (const RunNo no : done.changes.gone_runs) refused_runs_.insert(no);
        for (const BackfillRow& row : done.changes.backfills) refused_backfills_.insert(row.no);
      }
      return saved;
    }
    if (!done.changes.applied.empty()) {
      events_.forget_flows();
      if (!serving_) ends_.forget();
    }
  }
  if (unwritten_.has_value()) unwritten_->saved(done.changes);
  act(done);
  if (listener_ && !done.changes.empty()) listener_(done.changes);
  return {};
}

Result<> Loop::save_again(Millis now) {
  engine::Decision done = std::move(*unsaved_);
  unsaved_.reset();
  if (const auto saved = save(std::move(done)); !saved.has_value()) {
    refused_ = false;  // nobody has any more what that step was given
    return saved;
  }
  for (const AttemptReport& report : std::exchange(later_, {})) {
    engine_.report(now, report, decision_);
  }
  return {};
}

/// Only after the commit: a command that went out before its row was saved could be forgotten.
void Loop::act(const engine::Decision& done) {
  restored_.clear();
  const bool idle = done.starts.empty() && done.adoptions.empty() && done.cancels.empty();
  CHECK(process_ != nullptr || idle);
  for (const StartAttempt& adoption : done.adoptions) {
    if (subflows_.is_for(*adoption.flow, adoption.task)) {
      subflows_.start(adoption);
    } else {
      process_->adopt(adoption);
    }
  }
  for (const CancelAttempt& cancel : done.cancels) {
    if (!subflows_.cancel(cancel)) process_->cancel(cancel);
  }
  for (const StartAttempt& start : done.starts) {
    if (subflows_.is_for(*start.flow, start.task)) {
      subflows_.start(start);
    } else {
      process_->start(start);
    }
  }
  if (process_ == nullptr) return;
  for (const RunRow& run : done.changes.runs) {
    if (is_final(run.state)) process_->run_ended(run);
  }
}

}  // namespace cordyna
