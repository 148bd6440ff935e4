#include "client/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "service/update.hpp"

namespace cordyna::client {
namespace {

std::unexpected<Error> wrong(std::string_view what, std::string_view field) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("the server's answer has {} whose '{}' is missing or not known here; is "
                          "it of another version?",
                          what, field));
}

/// Of "flow": "acme/daily".
void name_of(const JsonSlice& json, std::string& ns, std::string& id) {
  id = json.text("flow");
  const std::size_t slash = id.rfind('/');
  if (slash == std::string::npos) return;
  ns = id.substr(0, slash);
  id.erase(0, slash + 1);
}

/// The state, by one of the parse functions of the model.
template <class State>
Result<State> state_of(const JsonSlice& json, std::string_view what,
                       std::optional<State> (*parse)(std::string_view)) {
  const auto state = parse(json.text("state"));
  if (!state.has_value()) return wrong(what, "state");
  return *state;
}

std::optional<TaskError> error_of(const JsonSlice& json) {
  const JsonSlice error = json.member("error");
  if (!error.is_object()) return std::nullopt;
  TaskError found;
  found.code = parse_task_error_code(error.text("code")).value_or(TaskErrorCode::kInternal);
  found.message = error.text("message");
  found.phase = parse_phase(error.text("phase")).value_or(Phase::kInfra);
  found.retryable = error.flag("retryable");
  found.owner = error.text("owner");
  found.exit_code = static_cast<std::int32_t>(error.member("exit_code").number(-1));
  return found;
}

std::optional<engine::BlockerKind> kind_of(std::string_view text) {
  using engine::BlockerKind;
  for (int kind = 0; kind <= static_cast<int>(BlockerKind::kServer); ++kind) {
    if (to_string(static_cast<BlockerKind>(kind)) == text) return static_cast<BlockerKind>(kind);
  }
  return std::nullopt;
}

std::vector<engine::SlotHolder> holders_of(const JsonSlice& json) {
  std::vector<engine::SlotHolder> holders;
  for (const JsonSlice& one : json.items()) {
    holders.push_back({one.number("run"), one.text("task")});
  }
  return holders;
}

std::vector<Grant> grants_of(const JsonSlice& json) {
  std::vector<Grant> grants;
  for (const JsonSlice& one : json.member("grants").items()) {
    const auto role = parse_role(one.text("role"));
    if (role.has_value()) grants.push_back({one.text("namespace"), *role});
  }
  return grants;
}

}  // namespace

Result<RunRow> run_of(const JsonSlice& json) {
  RunRow run;
  run.no = json.number("run");
  if (run.no <= 0) return wrong("a run", "run");
  TRY_ASSIGN(run.state, state_of(json, "a run", parse_run_state));
  run.from = run.state;
  run.id = RunId{json.text("id")};
  run.flow_id = json.text("flow");
  run.ns = json.text("namespace");
  run.scheduled.trigger = json.text("trigger");
  run.scheduled.at = json.time("scheduled_for");
  run.rerun_of = json.number("rerun_of");
  run.backfill = json.raw("backfill");
  run.parent = json.member("parent").number("run");
  run.parent_path = json.member("parent").text("task");
  run.created_at = json.time("created_at");
  run.started_at = json.time("started_at");
  run.ended_at = json.time("ended_at");
  run.warnings = json.count("warnings");
  run.cancel_requested = json.flag("cancel_requested");
  run.inputs = json.raw("inputs");
  run.outputs = json.raw("outputs");
  run.error = error_of(json);
  return run;
}

Result<TaskRow> task_of(const JsonSlice& json, RunNo run) {
  TaskRow task;
  task.run = run;
  task.path = json.text("task");
  TRY_ASSIGN(task.state, state_of(json, "a task", parse_task_state));
  task.from = task.state;
  task.attempt = json.count("attempt");
  task.warnings = json.count("warnings");
  task.first_at = json.time("first_at");
  task.ended_at = json.time("ended_at");
  task.retry_at = json.time("retry_at");
  task.blocked_by = json.text("blocked_by");
  task.outputs = json.raw("outputs");
  task.error = error_of(json);
  return task;
}

Result<HoldRow> hold_of(const JsonSlice& json, RunNo run) {
  HoldRow hold;
  hold.run = run;
  hold.path = json.text("task");
  TRY_ASSIGN(hold.state, state_of(json, "a hold", parse_hold_state));
  hold.from = hold.state;
  hold.attempt = json.count("attempt");
  hold.reason = json.text("reason");
  hold.by = json.text("by");
  hold.note = json.text("note");
  hold.held_at = json.time("held_at");
  hold.decided_at = json.time("decided_at");
  return hold;
}

Result<AttemptRow> attempt_of(const JsonSlice& json, RunNo run) {
  AttemptRow attempt;
  attempt.run = run;
  attempt.path = json.text("task");
  attempt.attempt = json.count("attempt");
  TRY_ASSIGN(attempt.state, state_of(json, "an attempt", parse_attempt_state));
  attempt.from = attempt.state;
  attempt.created_at = json.time("created_at");
  attempt.dispatched_at = json.time("dispatched_at");
  attempt.acknowledged_at = json.time("acknowledged_at");
  attempt.started_at = json.time("started_at");
  attempt.ended_at = json.time("ended_at");
  attempt.deadline_at = json.time("deadline_at");
  attempt.pool = json.text("pool");
  attempt.place.place = json.text("place");
  attempt.error = error_of(json);
  return attempt;
}

Result<HistoryRow> history_of(const JsonSlice& json) {
  TRY_ASSIGN(Update update, parse_update(json.raw()));
  if (update.seq <= 0) return wrong("an entry of a history", "seq");
  HistoryRow row;
  row.run = update.run;
  row.seq = update.seq;
  row.at = update.at;
  row.path = std::move(update.task);
  row.attempt = update.attempt;
  row.run_state = update.run_state;
  row.task_state = update.task_state;
  row.attempt_state = update.attempt_state;
  row.detail = std::move(update.detail);
  return row;
}

Result<AppliedFlowRow> flow_of(const JsonSlice& json) {
  AppliedFlowRow flow;
  flow.ns = json.text("namespace");
  flow.flow_id = json.text("id");
  if (flow.flow_id.empty()) return wrong("a flow", "id");
  flow.version = json.number("version");
  flow.hash = json.text("hash");
  flow.file = json.text("file");
  flow.applied_at = json.time("applied_at");
  flow.removed_at = json.time("removed_at");
  flow.disabled = {json.time("disabled_at"), json.text("disabled_by"),
                   json.text("disabled_reason")};
  flow.from = flow.version;
  return flow;
}

Result<AppliedVersionRow> version_of(const JsonSlice& json) {
  AppliedVersionRow version;
  version.version = json.number("version");
  if (version.version <= 0) return wrong("a version", "version");
  version.hash = json.text("hash");
  version.file = json.text("file");
  version.applied_at = json.time("applied_at");
  return version;
}

Result<TickRow> tick_of(const JsonSlice& json) {
  TickRow tick;
  const auto state = parse_tick_state(json.text("tick"));
  if (!state.has_value()) return wrong("a tick", "tick");
  tick.state = *state;
  name_of(json, tick.ns, tick.flow_id);
  tick.trigger = json.text("trigger");
  tick.scheduled_for = json.time("scheduled_for");
  const JsonSlice first = json.member("first");
  tick.first = first.exists() ? first.time() : tick.scheduled_for;
  tick.count = json.number("count");
  tick.run = json.number("run");
  tick.at = json.time("at");
  tick.detail = json.text("detail");
  return tick;
}

Result<ListedTrigger> trigger_of(const JsonSlice& json) {
  ListedTrigger trigger;
  name_of(json, trigger.ns, trigger.flow_id);
  trigger.trigger = json.text("trigger");
  if (trigger.trigger.empty()) return wrong("a trigger", "trigger");
  trigger.type = json.text("type");
  trigger.description = json.text("description");
  trigger.disabled = json.flag("disabled");
  trigger.flow_disabled = json.flag("flow_disabled");
  trigger.cron = json.text("cron");
  trigger.timezone = json.text("timezone");
  trigger.next = json.time("next");
  trigger.path = json.text("path");
  trigger.is_signed = json.flag("signed");
  trigger.last_at = json.time("last_at");
  trigger.last = json.text("last");
  trigger.last_run = json.number("last_run");
  trigger.last_event = json.number("last_event");
  trigger.pending = json.number("pending");
  trigger.dead = json.number("dead");
  return trigger;
}

Result<EventRow> event_of(const JsonSlice& json) {
  EventRow event;
  event.no = json.number("event");
  if (event.no <= 0) return wrong("an event", "event");
  const auto state = parse_event_state(json.text("state"));
  if (!state.has_value()) return wrong("an event", "state");
  event.from = event.state = *state;
  event.event_id = json.text("id");
  name_of(json, event.ns, event.flow_id);
  event.trigger = json.text("trigger");
  event.at = json.time("at");
  event.settled_at = json.time("settled_at");
  event.run = json.number("run");
  event.source = json.text("source");
  event.detail = json.text("detail");
  event.tries = json.number("tries");
  event.payload = json.raw("payload");
  return event;
}

Result<NoticeRow> notice_of(const JsonSlice& json) {
  NoticeRow notice;
  notice.no = json.number("notice");
  if (notice.no <= 0) return wrong("a notice", "notice");
  const auto kind = parse_notice_kind(json.text("kind"));
  if (!kind.has_value()) return wrong("a notice", "kind");
  notice.kind = *kind;
  notice.id = json.text("id");
  notice.at = json.time("at");
  notice.team = json.text("team");
  notice.cause = json.text("cause");
  notice.ns = json.text("namespace");
  if (notice.ns.empty()) name_of(json, notice.ns, notice.flow_id);
  notice.run = json.number("run");
  notice.path = json.text("task");
  notice.code = json.text("code");
  notice.text = json.text("description");
  return notice;
}

Result<AuditRow> audit_of(const JsonSlice& json) {
  AuditRow row;
  row.seq = json.number("seq");
  if (row.seq <= 0) return wrong("an entry of the audit", "seq");
  row.at = json.time("at");
  row.actor = json.text("actor");
  row.address = json.text("address");
  row.action = json.text("action");
  row.subject = json.text("subject");
  row.ns = json.text("namespace");
  row.before = json.raw("before");
  row.after = json.raw("after");
  row.hash = json.text("hash");
  return row;
}

Result<UserRow> user_of(const JsonSlice& json) {
  UserRow user;
  user.name = json.text("name");
  if (user.name.empty()) return wrong("a user", "name");
  user.password = json.flag("has_password") ? "set" : "";
  user.grants = grants_of(json);
  user.created_at = json.time("created_at");
  user.disabled_at = json.time("disabled_at");
  user.version = json.number("version");
  return user;
}

Result<TokenRow> token_of(const JsonSlice& json) {
  TokenRow token;
  token.id = json.text("id");
  if (token.id.empty()) return wrong("a token", "id");
  const auto kind = parse_token_kind(json.text("kind"));
  if (!kind.has_value()) return wrong("a token", "kind");
  token.kind = *kind;
  token.user = json.text("user");
  token.name = json.text("name");
  token.grants = grants_of(json);
  token.created_by = json.text("created_by");
  token.created_at = json.time("created_at");
  token.expires_at = json.time("expires_at");
  token.revoked_at = json.time("revoked_at");
  return token;
}

Result<KeptSecret> secret_of(const JsonSlice& json) {
  KeptSecret secret{json.text("name"), json.time("set_at")};
  if (secret.name.empty()) return wrong("a secret", "name");
  return secret;
}

Result<CountedBackfill> backfill_of(const JsonSlice& json) {
  CountedBackfill found;
  BackfillRow& row = found.row;
  row.no = json.number("backfill");
  if (row.no <= 0) return wrong("a backfill", "backfill");
  TRY_ASSIGN(row.state, state_of(json, "a backfill", parse_backfill_state));
  row.from = row.state;
  row.id = json.text("id");
  row.ns = json.text("namespace");
  row.flow_id = json.text("flow");
  row.trigger = json.text("trigger");
  row.begin = json.time("from");
  row.end = json.time("to");
  row.every = json.number("every_ms");
  row.parallel = json.count("parallel");
  row.only_missing = json.flag("only_missing");
  row.newest_first = json.flag("reverse");
  row.total = json.count("total");
  row.started = json.count("started");
  row.skipped = json.count("skipped");
  row.refused = json.count("refused");
  row.detail = json.text("detail");
  row.created_at = json.time("created_at");
  row.ended_at = json.time("ended_at");
  found.counts.well = json.count("completed");
  found.counts.failed = json.count("failed");
  found.counts.cancelled = json.count("cancelled");
  found.counts.held = json.count("held");
  found.counts.live = json.count("running") + found.counts.held;
  return found;
}

Result<RunWhy> why_of(const JsonSlice& json, RunRow run) {
  RunWhy why{std::move(run)};
  TRY_ASSIGN(why.run.state, state_of(json, "an explanation", parse_run_state));
  for (const JsonSlice& one : json.member("tasks").items()) {
    engine::Blocker blocker;
    const auto kind = kind_of(one.text("kind"));
    if (!kind.has_value()) return wrong("an explanation", "kind");
    blocker.kind = *kind;
    blocker.path = one.text("task");
    blocker.what = one.text("what");
    blocker.since = one.time("since");
    blocker.until = one.time("until");
    blocker.owner = one.text("owner");
    blocker.run = one.number("run");
    blocker.pool = one.text("pool");
    for (const JsonSlice& place : one.member("places").items())
      blocker.places.push_back(place.text());
    if (blocker.run > 0 && !one.flag("driven")) why.left.insert(blocker.run);
    why.blockers.push_back(std::move(blocker));
  }
  return why;
}

Result<ListedInput> input_of(const JsonSlice& json) {
  ListedInput input;
  InputStatus& status = input.status;
  name_of(json, status.ns, status.flow_id);
  status.trigger = json.text("trigger");
  if (status.trigger.empty()) return wrong("an input", "trigger");
  const auto state = std::ranges::find(kInputStates, json.text("state"));
  if (state == kInputStates.end()) return wrong("an input", "state");
  status.state = static_cast<InputState>(state - kInputStates.begin());
  status.type = json.text("type");
  status.problem = json.text("problem");
  status.since = json.time("since");
  status.events = json.number("events");
  status.last_minute = json.number("last_minute");
  status.last_at = json.time("last_at");
  status.lag = json.number("lag_ms");
  input.pending = json.number("pending");
  input.dead = json.number("dead");
  return input;
}

Result<PlaceUse> place_of(const JsonSlice& json) {
  PlaceUse place;
  PlaceSpec& spec = place.spec;
  spec.name = json.text("place");
  const std::string type = json.text("type");
  if (spec.name.empty()) return wrong("a place", "place");
  const auto known = std::ranges::find(kPlaceTypes, type);
  if (known == kPlaceTypes.end()) return wrong("a place", "type");
  spec.type = static_cast<PlaceType>(known - kPlaceTypes.begin());
  const auto thousandths = [&json](std::string_view name) {
    const std::string_view text = json.member(name).raw();
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return static_cast<std::uint64_t>(std::llround(value * 1000));
  };
  spec.description = json.text("description");
  spec.cost_millis = static_cast<std::uint32_t>(thousandths("cost"));
  spec.slots = json.count("slots");
  spec.cpu_millis = static_cast<std::uint32_t>(thousandths("cpu"));
  spec.memory_bytes = static_cast<std::uint64_t>(json.number("memory"));
  for (const auto& [name, value] : json.member("labels").members()) {
    spec.labels.emplace_back(name, value.text());
  }
  place.cpu_millis = thousandths("cpu_used");
  place.memory_bytes = static_cast<std::uint64_t>(json.number("memory_used"));
  place.holders = holders_of(json.member("held_by"));
  place.waiting = holders_of(json.member("waiting"));
  return place;
}

Result<PoolUse> pool_of(const JsonSlice& json) {
  PoolUse pool;
  pool.spec.name = json.text("pool");
  if (pool.spec.name.empty()) return wrong("a pool", "pool");
  pool.spec.description = json.text("description");
  pool.spec.slots = json.count("slots");
  const JsonSlice rate = json.member("rate");
  pool.spec.rate = {rate.count("count"), rate.number("per_ms")};
  pool.started = rate.count("started");
  pool.next_start = rate.time("next");
  pool.holders = holders_of(json.member("held_by"));
  pool.waiting = holders_of(json.member("waiting"));
  return pool;
}

}  // namespace cordyna::client
