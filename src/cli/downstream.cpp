#include "cli/downstream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <set>
#include <utility>

namespace cordyna::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kRowsMax = 10'000;  ///< of one make: a fixture is small

json::object params_of(const TaskSpec& task) {
  json::error_code error;
  json::value value = json::parse(task.params.empty() ? "{}" : task.params, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

/// The path of the task whose table a share writes out; empty: it is none of this flow.
std::string shared_task(const Flow& flow, TaskIndex share) {
  const json::object params = params_of(flow.tasks[share]);
  const json::value* const of = params.if_contains("of");
  return of == nullptr || !of->is_string() ? std::string() : std::string(of->get_string());
}

/// A flow of one load, which reads rows as the other one does: by the same contract.
std::string border_flow(const Flow& flow, TaskIndex load) {
  json::object task;
  task["id"] = "border";
  task["type"] = "load";
  task["from"] = "rows.json";
  json::object params = params_of(flow.tasks[load]);
  if (json::value* contract = params.if_contains("contract");
      contract != nullptr && contract->is_object()) {
    json::object& object = contract->get_object();
    object.erase("rows");  // how many there are of a source, a test does not say
    if (json::value* columns = object.if_contains("columns");
        columns != nullptr && columns->is_object()) {
      for (auto& [name, rules] : columns->get_object()) {
        // The task that they refer to is not there.
        if (rules.is_object()) rules.get_object().erase("refs");
      }
    }
    task["contract"] = *contract;
  }
  json::object whole;
  whole["id"] = "border";
  whole["owner"] = flow.owner;
  whole["tasks"] = json::array{std::move(task)};
  return json::serialize(whole);
}

flow::Fixture fixture_of(TaskIndex task, const std::vector<std::string>& rows) {
  flow::Fixture fixture;
  fixture.task = task;
  flow::FixtureAttempt attempt;
  attempt.kind = flow::FixtureKind::kData;
  attempt.rows = rows;
  fixture.attempts.push_back(std::move(attempt));
  return fixture;
}

/// The first error of a run, in words.
std::string error_of(const flowtest::CaseResult& result) {
  for (const auto& [path, attempts] : result.end.attempts) {
    for (const AttemptRow& attempt : attempts) {
      if (attempt.error.has_value()) {
        return fmt::format("task {}: {}: {}", path, info(attempt.error->code).name,
                           attempt.error->message);
      }
    }
  }
  return result.findings.empty() ? std::string("it does not complete")
                                 : result.findings.front().message;
}

bool is_good(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

}  // namespace

Downstream::Downstream(const FlowNetwork& network, const mesh::Impact& impact,
                       DownstreamParts parts)
    : network_(network), impact_(impact), parts_(std::move(parts)) {
  after_ = network.before;
  for (const mesh::Change& change : network.changes) {
    if (change.flow == nullptr) {
      after_.remove(change.name);
    } else {
      after_.put(mesh::node_of(change.flow, 0));
    }
  }
  std::set<std::string> from(impact.changed.begin(), impact.changed.end());
  from.insert(impact.behind.flows.begin(), impact.behind.flows.end());
  for (mesh::Edge& edge : after_.edges()) {
    if (from.contains(edge.from)) edges_.push_back(std::move(edge));
  }
}

const mesh::Node* Downstream::node_after(const std::string& flow) const {
  return after_.find(flow);
}

/// Each after those that it takes from; in a circle, as they come.
std::vector<std::string> Downstream::in_order() const {
  std::vector<std::string> all = impact_.changed;
  for (const std::string& flow : impact_.behind.flows) {
    if (!std::ranges::binary_search(impact_.changed, flow)) all.push_back(flow);
  }
  std::map<std::string, std::set<std::string>> waits_for;
  std::map<std::string, std::vector<std::string>> waited_for_by;
  const std::set<std::string> wanted(all.begin(), all.end());
  for (const mesh::Edge& edge : edges_) {
    if (!wanted.contains(edge.to) || !waits_for[edge.to].insert(edge.from).second) continue;
    waited_for_by[edge.from].push_back(edge.to);
  }
  std::vector<std::string> order;
  std::set<std::string> done;
  std::vector<std::string> free;
  const auto take = [&](const std::string& flow) {
    if (!done.insert(flow).second) return;
    order.push_back(flow);
    for (const std::string& other : waited_for_by[flow]) {
      std::set<std::string>& left = waits_for[other];
      left.erase(flow);
      if (left.empty()) free.push_back(other);
    }
  };
  for (const std::string& flow : all) {
    if (waits_for[flow].empty()) free.push_back(flow);
  }
  for (std::size_t circle = 0; order.size() < all.size();) {
    while (!free.empty()) {
      const std::string flow = std::move(free.back());
      free.pop_back();
      take(flow);
    }
    if (circle < all.size()) take(all[circle++]);  // those that are done are not taken again
  }
  return order;
}

std::string Downstream::tests_of(const std::string& flow) const {
  const auto file = network_.files.find(flow);
  return file == network_.files.end() ? std::string() : flow::case_file_beside(file->second);
}

std::vector<std::string> Downstream::test_files() const {
  std::set<std::string> files;
  const auto add = [&](const std::string& flow) {
    const std::string tests = tests_of(flow);
    if (!tests.empty() && node_after(flow) != nullptr) files.insert(tests);
  };
  for (const std::string& flow : impact_.changed) add(flow);
  for (const std::string& flow : impact_.behind.flows) add(flow);
  return {files.begin(), files.end()};
}

Result<bool> Downstream::run() {
  for (const std::string& flow : in_order()) {
    TRY(try_flow(flow, std::ranges::find(impact_.changed, flow) != impact_.changed.end()));
  }
  return !interrupted_;
}

Result<> Downstream::try_flow(const std::string& name, bool is_changed) {
  const mesh::Node* const node = node_after(name);
  if (node == nullptr || interrupted_) return {};
  const auto given = given_.find(name);
  if (!is_changed && given == given_.end()) return {};  // nothing came so far
  const std::string path = tests_of(name);
  if (path.empty()) {
    for (const mesh::Edge& edge : edges_) {
      if (edge.from != name || edge.data.empty()) continue;
      borders_.push_back({edge, 0, fmt::format("{} has no tests that would make it", name)});
    }
    return {};
  }
  TRY_ASSIGN(const flow::CaseFile file, flow::read_case_file(path, parts_.plugin_types));
  if (!file.good) return {};  // it is told of with the tests themselves
  static const std::map<TaskIndex, Rows> nothing;
  TRY_ASSIGN(const Samples samples,
             samples_of(*node, file, given == given_.end() ? nothing : given->second));
  return pass_on(name, samples);
}

/// Runs tests of the flow for what they share. With rows that it is given, these take the place of
/// its own fixtures: what goes wrong then, and did not before, is a break.
Result<Downstream::Samples> Downstream::samples_of(const mesh::Node& node,
                                                   const flow::CaseFile& file,
                                                   const std::map<TaskIndex, Rows>& given) {
  Samples samples;
  flowtest::CasePorts ports = parts_.ports();
  for (const mesh::Use& made : node.makes) {
    ports.wanted_tables.insert(shared_task(*node.flow, made.task));
  }
  for (const flow::FlowCase& test : file.cases) {
    flow::FlowCase tried = test;
    tried.expect = {};
    tried.expect.place = test.expect.place;
    if (!given.empty()) {
      // Only a test that goes well with its own fixtures says anything about others.
      const flowtest::CaseResult own = flowtest::run_case(file, tried, ports);
      if (own.interrupted) {
        interrupted_ = true;
        return samples;
      }
      if (!own.ran || !is_good(own.end.run.state)) continue;
      bool takes = false;
      for (const auto& [task, rows] : given) {
        const auto at = std::ranges::find(tried.fixtures, task, &flow::Fixture::task);
        if (at == tried.fixtures.end()) continue;
        *at = fixture_of(task, rows);
        takes = true;
      }
      if (!takes) continue;
    }
    const flowtest::CaseResult result = flowtest::run_case(file, tried, ports);
    if (result.interrupted) {
      interrupted_ = true;
      return samples;
    }
    if (!result.ran || !is_good(result.end.run.state)) {
      if (given.empty()) continue;
      const auto edge = std::ranges::find_if(edges_, [&](const mesh::Edge& one) {
        return one.to == node.name && !one.data.empty() &&
               given.contains(node.reads[one.take].task);
      });
      if (edge != edges_.end()) {
        add_break(*edge, fmt::format("with rows of {}, test '{}' of {} fails: {}", edge->from,
                                     test.id, node.name, error_of(result)));
      }
      return samples;
    }
    for (std::size_t make = 0; make < node.makes.size(); ++make) {
      const TaskIndex share = node.makes[make].task;
      const auto row = result.end.tasks.find(node.flow->tasks[share].id);
      const auto table = result.end.tables.find(shared_task(*node.flow, share));
      const bool shared =
          row != result.end.tasks.end() && row->second.state == TaskState::kCompleted;
      if (!shared || table == result.end.tables.end() || samples.contains(make)) continue;
      Rows rows = table->second;
      if (rows.size() > kRowsMax) rows.resize(kRowsMax);
      samples.emplace(make, std::move(rows));
    }
    if (samples.size() == node.makes.size()) break;
  }
  return samples;
}

Result<> Downstream::pass_on(const std::string& from, const Samples& samples) {
  for (const mesh::Edge& edge : edges_) {
    if (edge.from != from || edge.data.empty() || interrupted_) continue;
    const mesh::Node* const taker = node_after(edge.to);
    if (taker == nullptr || edge.take >= taker->reads.size()) continue;
    const auto rows = samples.find(edge.make);
    if (rows == samples.end()) {
      borders_.push_back({edge, 0, fmt::format("no test of {} completes and shares it", from)});
      continue;
    }
    const TaskIndex task = taker->reads[edge.take].task;
    if (task == kNoTask || taker->flow->tasks[task].type != "load") {
      borders_.push_back({edge, 0, "what reads it has no contract"});
      continue;
    }
    TRY_ASSIGN(const bool taken, try_border(edge, rows->second));
    if (!taken) continue;  // that it breaks is said once
    given_[edge.to].emplace(task, rows->second);
    from_.emplace(edge.to, from);
  }
  return {};
}

/// The rows against the contract of who reads them.
Result<bool> Downstream::try_border(const mesh::Edge& edge, const Rows& rows) {
  const mesh::Node& taker = *node_after(edge.to);
  const flow::Parsed parsed =
      flow::parse(border_flow(*taker.flow, taker.reads[edge.take].task), "border", "/");
  if (parsed.flow == nullptr) {
    borders_.push_back(
        {edge, 0,
         "its contract cannot be tried alone: " +
             (parsed.diagnostics.empty() ? std::string("?") : parsed.diagnostics.front().message)});
    return false;
  }
  flow::CaseFile file;
  file.file = file.flow_file = "border";
  file.flow = parsed.flow;
  file.canonical = parsed.canonical;
  file.good = true;
  flow::FlowCase test;
  test.id = "border";
  test.at = 0;
  test.timeout = 60'000;
  test.fixtures.push_back(fixture_of(0, rows));
  const flowtest::CaseResult result = flowtest::run_case(file, test, parts_.ports());
  if (result.interrupted) {
    interrupted_ = true;
    return false;
  }
  borders_.push_back({edge, rows.size(), {}});
  if (result.ran && is_good(result.end.run.state)) return true;
  add_break(edge, fmt::format("{} rows of {} that a test of {} has made are not what {} takes: {}",
                              rows.size(), edge.data, edge.from, edge.to, error_of(result)));
  return false;
}

void Downstream::add_break(const mesh::Edge& edge, std::string what) {
  mesh::Break found = mesh::break_at(edge, mesh::BreakKind::kRows, std::move(what));
  // The changed flow that the rows come from, however far away.
  std::string cause = edge.from;
  while (std::ranges::find(impact_.changed, cause) == impact_.changed.end()) {
    const auto before = from_.find(cause);
    if (before == from_.end()) break;
    cause = before->second;
  }
  found.causes.push_back(cause);
  breaks_.push_back(std::move(found));
}

}  // namespace cordyna::cli
