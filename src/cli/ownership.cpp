#include "cli/ownership.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <future>
#include <utility>

#include "base/check.hpp"
#include "base/id.hpp"
#include "cli/named_flow.hpp"
#include "cli/project_flows.hpp"
#include "flow/flow_file.hpp"
#include "flow/sha256.hpp"
#include "service/json.hpp"

namespace cordyna::cli {

Ownership::Ownership(const Parts& parts, OwnerSettings settings, std::unique_ptr<Store> store,
                     FlowCache& flows, View& view)
    : parts_(parts),
      settings_(std::move(settings)),
      store_(std::move(store)),
      flows_(flows),
      view_(view),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(wake_.valid());
}

Ownership::~Ownership() {
  // No new work from clients, then no more commands to processes, then the processes' side.
  listening_ = nullptr;
  if (cerebro_ != nullptr) cerebro_->unsubscribe(*feed_);
  if (cerebro_ != nullptr && observer_ != nullptr) cerebro_->unsubscribe(*observer_);
  server_.reset();
  if (task_servers_ != nullptr) {
    cerebro_->unsubscribe(*task_servers_);
    task_servers_->stop();
  }
  if (cerebro_ != nullptr) cerebro_->stop();
  for (std::thread& cancel : cancels_) cancel.join();
  task_servers_.reset();
  process_.reset();
  cerebro_.reset();
}

void Ownership::expect(const RunId& id, std::shared_ptr<const Flow> flow, std::int64_t after) {
  expected_[id] = {std::move(flow), after};
}

void Ownership::wake() {
  const std::uint64_t one = 1;
  // Full means that it is woken already.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

FeedListener Ownership::listener() {
  FeedListener listener;
  listener.begun = [this](RunNo no, const RunId& id) {
    const Expected& expected = expected_.at(id);
    view_.begin({no, id, expected.flow}, false, expected.after);
  };
  listener.updates = [this](std::vector<Update> updates) { view_.offer(std::move(updates)); };
  listener.rested = [this](const RunRow& row) {
    {
      const std::lock_guard lock(mutex_);
      ended_.push_back(row);
    }
    wake();
  };
  listener.stopped = [this](const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = error;
    }
    wake();
  };
  listener.changed = [this] {
    OwnerServer* server = listening_.load();
    if (server != nullptr) server->changed();
  };
  return listener;
}

Result<> Ownership::start() {
  feed_ = std::make_unique<Feed>(listener());
  for (const auto& [id, expected] : expected_) feed_->expect(id);
  CerebroSettings settings;
  settings.limits = settings_.limits;
  settings.audit = flow::sha256_hex;
  settings.events_max = settings_.events_max;
  settings.waits_for_space = settings_.waits_for_space;
  settings.ticks.inputs = [this](const Flow& flow, const TriggerSpec& trigger,
                                 std::string_view context) {
    return flow::trigger_inputs(flow, trigger, context, &settings_.files);
  };
  settings.ticks.backfill = flow::backfill_trigger;
  settings.subflows.inputs = [](const Flow& flow, const std::string& given,
                                std::string_view context) {
    return flow::subflow_inputs(flow, given, context);
  };
  settings.subflows.find = [this](std::string_view ns, std::string_view id,
                                  const std::string& folder) { return find_flow(ns, id, folder); };
  settings.ticks.make_id = [](Millis now) { return RunId{make_uuid7(now)}; };
  auto loader = [this](std::string_view canonical, std::string_view folder) {
    return flows_.load(canonical, folder);
  };
  cerebro_ = std::make_unique<Cerebro>(settings, *parts_.clock, *store_, *parts_.evaluator,
                                       std::move(loader));
  process_ = parts_.make_process(settings_.layout, cerebro_->sink());
  cerebro_->subscribe(*feed_);
  if (observer_ != nullptr) cerebro_->subscribe(*observer_);
  if (settings_.task_servers) TRY(take_task_servers());
  cerebro_->start(task_servers_ == nullptr ? *process_ : *task_servers_);
  if (task_servers_ != nullptr) task_servers_->begin(*cerebro_);
  TRY_ASSIGN(server_, OwnerServer::start(settings_.layout, *this));
  listening_ = server_.get();
  return {};
}

Result<> Ownership::take_task_servers() {
  server::TaskServerParts parts{.layout = settings_.layout,
                                .clock = parts_.clock,
                                .evaluator = parts_.evaluator,
                                .epoch = store_->epoch(),
                                .others = process_.get(),
                                .sink = cerebro_->sink(),
                                .open_reader = [open = parts_.open_reader,
                                                layout = settings_.layout] { return open(layout); },
                                .messages_per_second = settings_.messages_per_second,
                                .team_attempts = settings_.team_attempts};
  TRY_ASSIGN(task_servers_, server::TaskServers::make(std::move(parts)));
  cerebro_->subscribe(*task_servers_);
  return {};
}

/// What was applied goes before a file of the project. On cerebro's thread, whose store it reads.
Result<FoundFlow> Ownership::find_flow(std::string_view ns, std::string_view id,
                                       const std::string& folder) {
  const std::string name = ns.empty() ? std::string(id) : fmt::format("{}/{}", ns, id);
  auto found = AppliedFinder(*store_, flows_).find(name, ns);
  if (found.has_value() || found.error().code != ErrorCode::kNotFound) return found;
  return ProjectFlows(folder, parts_.plugin_types).find(name, ns);
}

Result<std::int64_t> Ownership::serve(bool on) {
  return cerebro_->serve(on);
}

Result<std::int64_t> Ownership::apply(std::vector<FlowChange> changes) {
  return cerebro_->apply(std::move(changes));
}

Result<> Ownership::leave_backfills() {
  TRY(cerebro_->steer_backfill(0, BackfillOp::kLeave));
  return {};
}

Result<std::int64_t> Ownership::remove(OldRows rows) {
  return cerebro_->remove(std::move(rows));
}

void Ownership::clock_was_set() {
  cerebro_->wake();
}

Result<RunNo> Ownership::submit(RunRequest request) {
  return cerebro_->submit(std::move(request));
}

/// Through cerebro, with an entry in the audit where it came over the socket.
Result<RunNo> Ownership::ask(ServerRequest wanted, const OwnerRequest& from,
                             std::string_view action, std::string subject, std::string after) {
  std::optional<AuditNote> note;
  if (!from.actor.empty()) {
    note.emplace();
    note->actor = from.actor;
    note->action = action;
    note->numbered = subject == "run" || subject == "backfill";
    note->subject = std::move(subject);
    note->after = std::move(after);
  }
  std::promise<Result<RunNo>> promise;
  auto answer = promise.get_future();
  cerebro_->ask(std::move(wanted), std::move(note),
                [&promise](Result<std::int64_t> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

Result<RunNo> Ownership::start_run(const OwnerRequest& request) {
  TRY_ASSIGN(auto flow, flows_.load(request.canonical, request.folder));
  RunRequest run;
  run.id = request.run;
  run.flow = std::move(flow);
  run.canonical = request.canonical;
  run.inputs = request.inputs;
  run.no_cache = request.no_cache;
  return ask(std::move(run), request, "startRun", "run");
}

Result<RunNo> Ownership::start_rerun(const OwnerRequest& request) {
  RerunRequest rerun{request.run, request.of, request.inputs, request.taken, request.no_cache};
  if (!request.canonical.empty()) {
    TRY_ASSIGN(rerun.flow, flows_.load(request.canonical, request.folder));
    rerun.canonical = request.canonical;
  }
  return ask(std::move(rerun), request, "rerunRun", "run");
}

Result<RunNo> Ownership::handle(const OwnerRequest& request) {
  switch (request.op) {
    case OwnerOp::kSubmit: return start_run(request);
    case OwnerOp::kRerun: return start_rerun(request);
    case OwnerOp::kApply: return apply_flows(request);
    case OwnerOp::kEventReplay:
    case OwnerOp::kEventDrop: {
      const EventOp op = request.op == OwnerOp::kEventDrop ? EventOp::kDrop : EventOp::kReplay;
      return ask(SettleRequest{request.of, op, request.by}, request, "settleEvent",
                 fmt::format("event {}", request.of));
    }
    case OwnerOp::kFlowDisable:
    case OwnerOp::kFlowEnable: return switch_flow(request);
    case OwnerOp::kBackfill: return start_backfill(request);
    case OwnerOp::kBackfillTakeUp: return cerebro_->steer_backfill(request.of, BackfillOp::kTakeUp);
    case OwnerOp::kBackfillPause: return steer_backfill(request, BackfillOp::kPause);
    case OwnerOp::kBackfillResume: return steer_backfill(request, BackfillOp::kResume);
    case OwnerOp::kBackfillCancel: return steer_backfill(request, BackfillOp::kCancel);
    case OwnerOp::kResume: return cerebro_->resume(request.run);
    case OwnerOp::kKeeps: return cerebro_->keeps(request.ns, request.flow_id);
    case OwnerOp::kDrives: return cerebro_->drives(request.run);
    case OwnerOp::kApprove:
    case OwnerOp::kReject:
    case OwnerOp::kCancel:
    case OwnerOp::kFollow: break;
  }
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader(settings_.layout));
  TRY_ASSIGN(const RunRow row, reader->find_run(request.run));
  const std::string subject = fmt::format("run {}", row.no);
  if (request.op == OwnerOp::kCancel) {
    TRY(ask(CancelRequest{request.run}, request, "cancelRun", subject));
  } else if (request.op != OwnerOp::kFollow) {
    engine::HoldDecision decision{request.task, request.op == OwnerOp::kApprove, request.by,
                                  request.note, request.inputs};
    return ask(DecideRequest{request.run, std::move(decision)}, request, "decideTask", subject);
  }
  return row.no;
}

Result<RunNo> Ownership::apply_flows(const OwnerRequest& request) {
  std::string names;
  for (const FlowChange& change : request.flows) {
    if (guard_) TRY(guard_(change));
  }
  for (const FlowChange& change : request.flows) {
    if (names.size() > 200) {
      names += ", …";
      break;
    }
    names += (names.empty() ? "flow " : ", ") + flow_name(change.ns, change.flow_id);
  }
  return ask(ApplyRequest{request.flows}, request, "applyFlows", std::move(names));
}

Result<std::int64_t> Ownership::switch_flow(const OwnerRequest& request) {
  const bool enabled = request.op == OwnerOp::kFlowEnable;
  FlowSwitch what{request.ns, request.flow_id, enabled, request.by, request.note};
  std::string after = as_json(what);
  TRY(ask(SwitchFlowRequest{std::move(what)}, request, "switchFlow",
          "flow " + flow_name(request.ns, request.flow_id), std::move(after)));
  return 1;  // also where it was so already: an answer names a number
}

Result<BackfillNo> Ownership::steer_backfill(const OwnerRequest& request, BackfillOp op) {
  return ask(SteerRequest{request.of, op}, request, "steerBackfill",
             fmt::format("backfill {}", request.of));
}

Result<BackfillNo> Ownership::start_backfill(const OwnerRequest& request) {
  BackfillRequest backfill;
  TRY_ASSIGN(backfill.flow, flows_.load(request.canonical, request.folder));
  backfill.canonical = request.canonical;
  backfill.row = request.backfill;
  BackfillRow& row = backfill.row;
  row.id = request.run.value;
  row.ns = backfill.flow->ns;
  row.flow_id = backfill.flow->id;
  row.flow_hash = backfill.flow->hash;
  row.folder = request.folder;
  row.inputs = request.inputs;
  return ask(std::move(backfill), request, "startBackfill", "backfill");
}

Result<std::vector<Update>> Ownership::history(RunNo run, std::int64_t after, std::uint32_t limit) {
  if (history_ == nullptr) {
    TRY_ASSIGN(reader_, parts_.open_reader(settings_.layout));
    history_ = std::make_unique<History>(*reader_);
  }
  return history_->read(run, after, limit);
}

void Ownership::cancel_soon(const RunId& id) {
  // Not on this thread: a second Ctrl-C must be heard also when the store is slow.
  cancels_.emplace_back([this, id] {
    const Result<> done = cerebro_->cancel(id);
    if (!done.has_value() && done.error().code != ErrorCode::kConflict) {
      view_.note("cancel: " + done.error().message);
    }
  });
}

std::vector<RunRow> Ownership::take_ended() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(ended_, {});
}

Result<> Ownership::stopped() {
  const std::lock_guard lock(mutex_);
  if (!stopped_.has_value()) return {};
  return std::unexpected<Error>(*stopped_);
}

}  // namespace cordyna::cli
