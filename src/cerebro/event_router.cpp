#include "cerebro/event_router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/check.hpp"
#include "base/json_text.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
namespace {

// What is kept in memory of those that are pending; the rest is read again.
constexpr std::size_t kQueueMax = 1024;
constexpr std::size_t kQueueBytes = std::size_t{8} << 20;
constexpr std::uint32_t kEventPage = 256;
// Runs that one step begins: most where no events have come for some steps; with few events.
constexpr std::size_t kMostRuns = 64;
constexpr std::size_t kFewRuns = 4;
// In a burst of at least as many events a step, one step in so many begins as many runs: together
// they write the same pages.
constexpr std::size_t kBurst = 8;
// Of events that came many in one request, where there are as many: a schedule waits for the step.
constexpr std::size_t kBulkRuns = 512;

constexpr const char* kNotWanted = "'where' of its trigger is false";

std::string name_of(const EventRequest& event) {
  // No id holds a line break.
  return fmt::format("{}\n{}\n{}\n{}", event.ns, event.flow_id, event.trigger, event.event_id);
}

/// "id":…,"trigger":…,"at":…,<payload>; what an input tells has its own `id`, of the thing that
/// the event is about, and its own `at`.
std::string fields_of(const EventRow& event, TriggerType type) {
  CHECK(event.payload.starts_with('{') && event.payload.ends_with('}'));
  const std::string_view payload =
      std::string_view(event.payload).substr(1, event.payload.size() - 2);
  const std::string id = json_string(event.event_id);
  const std::string trigger = json_string(event.trigger);
  const std::string named = tells_of_things(type)
                                ? fmt::format(R"("key":{},"trigger":{})", id, trigger)
                                : fmt::format(R"("id":{},"trigger":{},"at":"{}")", id, trigger,
                                              format_timestamp(event.at));
  return fmt::format("{}{}{}", named, payload.empty() ? "" : ",", payload);
}

/// Those of the last event, and what is said of all.
std::string fields_of_all(const std::vector<EventRow>& events, const TriggerSpec& spec) {
  std::string out = fields_of(events.back(), spec.type);
  if (!spec.gather.is_on()) return out;
  out += fmt::format(R"(,"count":{})", events.size());
  if (spec.gather.debounce > 0) return out;
  out += R"(,"events":[)";
  for (const EventRow& event : events) {
    if (&event != events.data()) out += ',';
    out += '{' + fields_of(event, spec.type) + '}';
  }
  return out + ']';
}

/// {"run":{…},"event":{…}}
std::string context_of(const std::string& event_fields, const RunId& run, Millis now,
                       const Scheduled& scheduled) {
  return fmt::format(R"({{"run":{{{}}},"event":{{{}}}}})", run_fields(run, now, scheduled),
                     event_fields);
}

/// What goes wrong with the state itself is no fault of the event.
bool is_of_state(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kCorrupt;
}

}  // namespace

Result<> EventRouter::know() {
  if (known_) return {};
  TRY_ASSIGN(const EventCounts counts, store_.count_events());
  last_ = counts.last;
  pending_ = static_cast<std::size_t>(counts.pending);
  read_to_ = pending_ == 0 ? last_ : 0;
  known_ = true;
  return {};
}

Result<> EventRouter::serve(bool on, bool all) {
  TRY(know());
  serving_ = on;
  all_ = on && all;
  return {};
}

bool EventRouter::behind() const {
  if (!serving_) return false;
  return !queue_.empty() || read_to_ < last_ || replayed_ || reread_;
}

/// They are in order, and often thousands: none is found before its place among them.
template <class Changes>
auto& EventRouter::staged_row(EventNo no, Changes& out) const {
  const auto from = out.events.begin() + (no - staged_from_);
  const auto row = std::ranges::find(from, out.events.end(), no, &EventRow::no);
  CHECK(row != out.events.end());
  return *row;
}

std::optional<EventNo> EventRouter::find_staged(const EventRequest& request,
                                                const ChangeSet& out) const {
  const auto staged = staged_.find(name_of(request));
  if (staged == staged_.end()) return std::nullopt;
  if (request.seen) request.seen(staged_row(staged->second, out), nullptr);
  return staged->second;
}

Result<std::optional<EventNo>> EventRouter::find_known(const EventRequest& request,
                                                       const ChangeSet& out) const {
  const auto staged = find_staged(request, out);
  if (staged.has_value()) return staged;
  TRY_ASSIGN(
      const std::optional<EventRow> known,
      store_.find_event(EventKey{request.ns, request.flow_id, request.trigger, request.event_id}));
  if (!known.has_value()) return std::nullopt;
  if (request.seen) {
    const auto run = store_.find_run(known->run);
    request.seen(*known, known->run > 0 && run.has_value() ? &*run : nullptr);
  }
  return known->no;
}

Result<> EventRouter::check_open(const EventRequest& request, std::size_t count) {
  TRY_ASSIGN(const bool disabled, disabled_.has(request.ns, request.flow_id));
  // Who sends it is no user: why it is so is not for them.
  if (disabled) return fail(ErrorCode::kUnavailable, "the flow is disabled; try again later");
  if (pending_ + count <= pending_max_) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} events wait for their runs, and no more are taken until some have "
                          "begun",
                          pending_));
}

EventNo EventRouter::stage(Millis wall, const EventRequest& request, ChangeSet& out) {
  EventRow row;
  row.no = ++last_;
  row.ns = request.ns;
  row.flow_id = request.flow_id;
  row.trigger = request.trigger;
  row.event_id = request.event_id;
  row.at = wall;
  row.source = request.source;
  row.payload = request.payload;
  if (staged_from_ == 0) staged_from_ = row.no;
  staged_.emplace(name_of(request), row.no);
  out.events.push_back(row);
  ++pending_;
  keep(std::move(row));
  return last_;
}

Result<EventNo> EventRouter::accept(Millis wall, const EventRequest& request, ChangeSet& out) {
  TRY(know());
  TRY_ASSIGN(const std::optional<EventNo> known, find_known(request, out));
  if (known.has_value()) return *known;
  TRY(check_open(request, 1));
  return stage(wall, request, out);
}

/// Whatever may fail comes first: after that, nothing does.
Result<std::int64_t> EventRouter::accept_all(Millis wall, const IntakeRequest& request,
                                             ChangeSet& out) {
  TRY(know());
  std::vector<const EventRequest*> fresh;
  for (const EventRequest& event : request.events) {
    TRY_ASSIGN(const std::optional<EventNo> known, find_known(event, out));
    if (!known.has_value()) fresh.push_back(&event);
  }
  for (const EventRequest* event : fresh) TRY(check_open(*event, fresh.size()));
  std::int64_t count = 0;
  for (const EventRequest* event : fresh) {
    if (find_staged(*event, out).has_value()) continue;  // twice in this request
    stage(wall, *event, out);
    ++count;
  }
  bulk_ += static_cast<std::size_t>(count);
  out.positions.insert(out.positions.end(), request.positions.begin(), request.positions.end());
  out.notices.insert(out.notices.end(), request.notices.begin(), request.notices.end());
  return count;
}

Result<> EventRouter::take(Millis wall, const std::vector<EventRequest>& events, ChangeSet& out) {
  if (events.empty()) return {};
  TRY(know());
  for (const EventRequest& event : events) {
    TRY_ASSIGN(const std::optional<EventNo> known, find_known(event, out));
    if (!known.has_value()) stage(wall, event, out);
  }
  // The next step finds them saved.
  staged_.clear();
  staged_from_ = 0;
  return {};
}

/// Only where none lies between: they are in order.
void EventRouter::keep(EventRow&& row) {
  const bool next = read_to_ + 1 == row.no;
  if (!next || queue_.size() >= kQueueMax || queue_bytes_ >= kQueueBytes) return;
  read_to_ = row.no;
  queue_bytes_ += row.payload.size();
  queue_.push_back(std::move(row));
}

Result<EventNo> EventRouter::settle(Millis wall, const SettleRequest& request, ChangeSet& out) {
  TRY(know());
  TRY_ASSIGN(EventRow row, store_.find_event(request.no));
  const bool changed_now = std::ranges::find(out.events, row.no, &EventRow::no) != out.events.end();
  if (row.state != EventState::kDead || changed_now) {
    return fail(ErrorCode::kConflict,
                fmt::format("event {} is no dead letter: its state is '{}'", row.no,
                            changed_now ? "pending" : to_string(row.state)));
  }
  row.settled_at = wall;
  if (request.op == EventOp::kDrop) {
    row.state = EventState::kDropped;
    row.detail = fmt::format("dropped by {}; it was: {}", request.by, row.detail);
  } else {
    TRY(disabled_.check(row.ns, row.flow_id));
    row.state = EventState::kPending;
    row.detail.clear();
    row.settled_at = 0;
    ++row.tries;
    ++pending_;
    replayed_ = true;
  }
  out.events.push_back(std::move(row));
  return request.no;
}

/// A sender waits for the step; the run of its event waits for nobody.
std::size_t EventRouter::budget() {
  if (std::exchange(all_, false)) return pending_;
  if (bulk_ > 0) {  // who sends many at once wants them done, not an answer at once
    quiet_runs_ = kMostRuns;
    return std::clamp(bulk_, kMostRuns, kBulkRuns);
  }
  if (staged_.empty()) {
    // A step without events may be a breath between two that have some: it must not be long.
    quiet_runs_ = std::min(2 * quiet_runs_, kMostRuns);
    return quiet_runs_;
  }
  quiet_runs_ = kFewRuns;
  if (staged_.size() < kBurst) return std::max(kFewRuns / staged_.size(), std::size_t{1});
  if (++burst_steps_ < kBurst) return 0;
  burst_steps_ = 0;
  return kBurst;
}

Result<> EventRouter::advance(Millis wall, const Starter& start, ChangeSet& out) {
  if (serving_ && start) {
    if (std::exchange(reread_, false)) {  // what was made pending again is saved by now
      queue_.clear();
      queue_bytes_ = 0;
      read_to_ = 0;
      gathered_.clear();
    }
    for (std::size_t left = budget(); left > 0; --left) {
      if (queue_.empty()) TRY(refill());
      if (queue_.empty()) break;
      EventRow row = std::move(queue_.front());
      queue_.pop_front();
      queue_bytes_ -= row.payload.size();
      TRY(deal_with(wall, std::move(row), start, out));
    }
    for (;;) {
      std::vector<EventRow> due = gathered_.take_due(wall);
      if (due.empty()) break;
      TRY(begin_gathered(wall, std::move(due), start, out));
    }
    reread_ = std::exchange(replayed_, false);
  }
  staged_.clear();
  staged_from_ = 0;
  bulk_ = 0;
  return {};
}

Result<> EventRouter::deal_with(Millis wall, EventRow event, const Starter& start, ChangeSet& out) {
  TRY_ASSIGN(const bool disabled, disabled_.has(event.ns, event.flow_id));
  if (disabled) return {};  // it waits in the store until the flow is enabled
  const auto loaded = flow_of(event);
  if (!loaded.has_value() && is_of_state(loaded.error())) {
    return std::unexpected<Error>(loaded.error());
  }
  const auto spec = loaded.has_value()
                        ? trigger_of(**loaded, event)
                        : Result<const TriggerSpec*>(std::unexpected<Error>(loaded.error()));
  if (!spec.has_value()) {
    settle_all(wall, {std::move(event)}, std::unexpected<Error>(spec.error()), out);
    return {};
  }
  if (!(*spec)->where.empty()) {
    const std::string context =
        context_of(fields_of(event, (*spec)->type), ports_.make_id(wall), wall, {});
    const auto wanted = evaluator_.condition((*spec)->where, context);
    if (!wanted.has_value() || !*wanted) {
      const Result<RunNo> none =
          wanted.has_value() ? Result<RunNo>(0) : fail("'where'", wanted.error());
      settle_all(wall, {std::move(event)}, none, out);
      return {};
    }
  }
  if ((*spec)->gather.is_on()) {
    std::vector<EventRow> all = gathered_.add(wall, std::move(event), (*spec)->gather);
    return all.empty() ? Result<>() : begin_gathered(wall, std::move(all), start, out);
  }
  std::vector<EventRow> alone{std::move(event)};
  const auto run = begin(wall, alone, **loaded, **spec, start);
  settle_all(wall, std::move(alone), run, out);
  return {};
}

/// The flow may be another one by now.
Result<> EventRouter::begin_gathered(Millis wall, std::vector<EventRow> events,
                                     const Starter& start, ChangeSet& out) {
  const EventRow& last = events.back();
  TRY_ASSIGN(const bool disabled, disabled_.has(last.ns, last.flow_id));
  if (disabled) return {};
  const auto loaded = flow_of(last);
  if (!loaded.has_value()) {
    if (is_of_state(loaded.error())) return std::unexpected<Error>(loaded.error());
    settle_all(wall, std::move(events), std::unexpected<Error>(loaded.error()), out);
    return {};
  }
  const auto spec = trigger_of(**loaded, last);
  const auto run = spec.has_value() ? begin(wall, events, **loaded, **spec, start)
                                    : Result<RunNo>(std::unexpected<Error>(spec.error()));
  settle_all(wall, std::move(events), run, out);
  return {};
}

/// `run`: 0: the trigger's `where` is false, and there is no run.
void EventRouter::settle_all(Millis wall, std::vector<EventRow> events, const Result<RunNo>& run,
                             ChangeSet& out) {
  for (EventRow& event : events) {
    event.settled_at = wall;
    event.run = run.value_or(0);
    event.detail.clear();
    if (event.run != 0) {
      event.state = EventState::kRun;
    } else {
      event.state = run.has_value() ? EventState::kDropped : EventState::kDead;
      event.detail = run.has_value() ? kNotWanted : run.error().message;
    }
    --pending_;
    write(std::move(event), out);
  }
}

/// The store does not know those of this step yet: they are read in a later one.
Result<> EventRouter::refill() {
  const EventNo saved = staged_from_ == 0 ? last_ : staged_from_ - 1;
  if (read_to_ >= saved) return {};
  TRY_ASSIGN(std::vector<EventRow> page, store_.list_pending_events(read_to_, kEventPage));
  read_to_ = page.size() < kEventPage ? saved : page.back().no;
  for (EventRow& row : page) {
    queue_bytes_ += row.payload.size();
    queue_.push_back(std::move(row));
  }
  return {};
}

void EventRouter::write(EventRow&& row, ChangeSet& out) const {
  if (staged_from_ != 0 && row.no >= staged_from_) {
    EventRow& staged = staged_row(row.no, out);
    row.payload = std::move(staged.payload);  // whoever gathers has forgotten it
    staged = std::move(row);
    return;
  }
  row.from = EventState::kPending;
  out.events.push_back(std::move(row));
}

Result<const EventRouter::Loaded*> EventRouter::flow_of(const EventRow& event) {
  const std::pair name(event.ns, event.flow_id);
  const auto found = flows_.find(name);
  if (found != flows_.end()) return &found->second;
  TRY_ASSIGN(const AppliedFlowRow row, store_.find_applied(event.ns, event.flow_id));
  if (row.removed_at != 0) {
    return fail(ErrorCode::kNotFound, fmt::format("flow '{}' was removed before the run began",
                                                  flow_name(event.ns, event.flow_id)));
  }
  TRY_ASSIGN(FlowVersionRow version, store_.find_flow(row.hash));
  auto flow = loader_(version.canonical, row.folder);
  if (!flow.has_value()) return fail(ErrorCode::kInvalidArgument, flow.error().message);
  return &flows_.emplace(name, Loaded{std::move(*flow), std::move(version.canonical)})
              .first->second;
}

Result<const TriggerSpec*> EventRouter::trigger_of(const Loaded& loaded,
                                                   const EventRow& event) const {
  const auto spec = std::ranges::find(loaded.flow->triggers, event.trigger, &TriggerSpec::id);
  if (spec != loaded.flow->triggers.end() && spec->type != TriggerType::kSchedule) return &*spec;
  return fail(ErrorCode::kNotFound, fmt::format("flow '{}' has no trigger '{}' for events any more",
                                                flow_name(event.ns, event.flow_id), event.trigger));
}

Result<RunNo> EventRouter::begin(Millis wall, const std::vector<EventRow>& events,
                                 const Loaded& loaded, const TriggerSpec& spec,
                                 const Starter& start) {
  const Flow& flow = *loaded.flow;
  engine::RunStart run;
  run.id = ports_.make_id(wall);
  if (spec.type == TriggerType::kFlow) {
    // It stands for the time of the run that it follows, as long as that is remembered.
    const auto before = store_.find_run(RunId{events.back().event_id});
    if (before.has_value()) run.scheduled = before->scheduled;
  }
  run.scheduled.trigger = spec.id;
  if (ports_.of_event && !spec.gather.is_on()) {
    TRY_ASSIGN(run.inputs, ports_.of_event(events.back()));
  } else {
    const std::string context =
        context_of(fields_of_all(events, spec), run.id, wall, run.scheduled);
    TRY_ASSIGN(run.inputs, ports_.inputs(flow, spec, context));
  }
  run.flow = loaded.flow;
  run.canonical = loaded.canonical;
  return start(std::move(run));
}

}  // namespace cordyna
