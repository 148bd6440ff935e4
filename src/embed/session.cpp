#include "embed/session.hpp"

#include <fmt/format.h>

#include <future>
#include <limits>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "base/id.hpp"
#include "cerebro/surroundings.hpp"
#include "embed/flow_text.hpp"
#include "embed/intake.hpp"
#include "embed/supervisor.hpp"

namespace cordyna::embed {
namespace {

Result<std::shared_ptr<const Flow>> load_flow(std::string_view canonical, std::string_view folder) {
  static_cast<void>(folder);
  return flow_of_text(canonical);
}

}  // namespace

/// A state of `dyna` has flows that we cannot read, and whoever runs it would serve ours.
Result<> Session::check_ours() const {
  AppliedFilter all;
  all.limit = std::numeric_limits<std::uint32_t>::max();
  TRY_ASSIGN(const std::vector<AppliedFlowRow> flows, store_.list_applied(all));
  RunFilter newest;
  newest.limit = 1;
  TRY_ASSIGN(const std::vector<RunRow> runs, store_.list_runs(newest));
  bool ours = runs.empty() || runs.front().ns == kNamespace;
  for (const AppliedFlowRow& flow : flows) ours = ours && flow.ns == kNamespace;
  if (ours) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("the state in '{}' is one of flows that 'dyna' runs: give the library a "
                          "folder of its own",
                          options_.state.string()));
}

Result<FlowChange> Session::change_of(const Input& input) const {
  const Tries tries{options_.attempts, options_.retry_wait.count()};
  FlowChange change;
  change.ns = kNamespace;
  change.flow_id = input.id();
  change.canonical = flow_text(input.id(), parts_.stages.at(input.id()), tries);
  change.folder = kFolder;
  change.file = "library";
  const auto present = store_.find_applied(change.ns, change.flow_id);
  if (present.has_value()) {
    change.from = present->version;
    change.was_removed = present->removed_at != 0;
  } else if (present.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(present.error());
  }
  return change;
}

Result<InputLeft> Session::memory_of(const Input& input) const {
  constexpr std::uint32_t kPage = 10'000;
  InputLeft left;
  TRY_ASSIGN(left.position, store_.find_position(input.id()));
  std::string after;
  while (true) {
    TRY_ASSIGN(const std::vector<PositionRow> page, store_.list_marks(input.id(), after, kPage));
    for (const PositionRow& row : page) left.marks[row.mark] = row.position;
    if (page.size() < kPage) return left;
    after = page.back().mark;
  }
}

Result<Session::Left> Session::look() const {
  Left left;
  TRY_ASSIGN(const std::vector<RunRow> runs, unfinished_runs(store_));
  // The oldest first, as they came.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) left.runs.push_back(run->id);
  TRY_ASSIGN(const EventCounts counts, store_.count_events());
  left.events = static_cast<std::size_t>(counts.pending);
  for (const Input* input : parts_.inputs) {
    TRY_ASSIGN(FlowChange change, change_of(*input));
    left.changes.push_back(std::move(change));
    TRY_ASSIGN(InputLeft memory, memory_of(*input));
    left.inputs.emplace(input->id(), std::move(memory));
  }
  return left;
}

CerebroSettings Session::settings() const {
  CerebroSettings settings;
  // All goes out at once: the workers choose, and do not wait for a commit to go on.
  settings.limits.slots = std::numeric_limits<std::uint32_t>::max();
  settings.events_max = std::numeric_limits<std::size_t>::max() / 2;  // Room is the bound
  settings.waits_for_space = true;
  settings.forgets_completed = true;
  settings.ticks.of_event = [](const EventRow& event) -> Result<std::string> {
    return event.payload;
  };
  settings.ticks.make_id = [](Millis now) { return RunId{make_uuid7(now)}; };
  return settings;
}

WorkersParts Session::workers_parts(Cerebro& cerebro, Commits& commits) const {
  WorkersParts workers;
  workers.processes = parts_.processes;
  for (const auto& [input, stages] : parts_.stages) {
    workers.inputs.insert(input);
    for (const Stage& stage : stages) workers.linked.insert(stage.process);
  }
  workers.threads = options_.concurrency;
  workers.sink = cerebro.sink();
  workers.fatal = [&commits](Error error) { commits.end(std::move(error)); };
  return workers;
}

/// What was left is taken up, in the order in which it came and as the program before had it
/// linked; then inputs are linked as they are now.
Result<> Session::begin(Cerebro& cerebro, Left& left) const {
  std::list<std::future<Result<std::int64_t>>> answers;
  for (const RunId& run : left.runs) {
    auto promise = std::make_shared<std::promise<Result<std::int64_t>>>();
    answers.push_back(promise->get_future());
    RunRequest request;  // there is a run of this id: it is taken up, and the rest is not read
    request.id = run;
    cerebro.ask(std::move(request), std::nullopt,
                [promise](Result<std::int64_t> result) { promise->set_value(std::move(result)); });
  }
  for (auto& answer : answers) TRY(answer.get());
  if (left.events > 0) TRY(cerebro.serve(true));
  TRY(cerebro.apply(std::move(left.changes)));
  TRY(cerebro.serve(true));
  return {};
}

/// Until it is time to stop; then all threads have ended.
void Session::listen(Cerebro& cerebro, Workers& workers, Room& room, Commits& commits,
                     const Left& left, const std::stop_token& stop) {
  std::stop_source ending;
  std::list<Intake> intakes;
  std::vector<std::thread> threads;
  for (Input* input : parts_.inputs) {
    Intake& intake = intakes.emplace_back(*input, left.inputs.at(input->id()), cerebro, room,
                                          clock_, reporter_, ending.get_token());
    threads.emplace_back([this, input, &intake, token = ending.get_token()] {
      supervise(*input, intake, options_, reporter_, token);
    });
  }
  workers.begin();
  while (auto old = commits.wait(stop)) {
    if (old->runs.empty() && old->events.empty()) continue;
    if (!cerebro.remove(std::move(*old)).has_value()) break;  // it has stopped
  }
  ending.request_stop();
  workers.stop();
  for (std::thread& thread : threads) thread.join();
}

Result<> Session::run(const std::stop_token& stop) {
  TRY(check_ours());
  TRY_ASSIGN(Left left, look());
  Room room(options_.pending, left.runs.size() + left.events);
  Commits commits(room, reporter_, options_.remembered);
  TRY(commits.know(store_));
  Cerebro cerebro(settings(), clock_, store_, evaluator_, load_flow);
  Workers workers(workers_parts(cerebro, commits), reporter_);
  cerebro.subscribe(commits);
  cerebro.subscribe(workers);
  cerebro.start(workers);
  auto begun = begin(cerebro, left);
  if (begun.has_value()) {
    listen(cerebro, workers, room, commits, left, stop);
    // What was reported before is saved when this is answered.
    (void)cerebro.serve(false);
  }
  cerebro.stop();
  cerebro.unsubscribe(workers);
  cerebro.unsubscribe(commits);
  workers.finish();
  TRY(commits.verdict());
  return begun;
}

}  // namespace cordyna::embed
