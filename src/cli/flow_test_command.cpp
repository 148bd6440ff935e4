// `dyna test`: finds files of tests, runs them, and says what came of it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include "base/text.hpp"
#include "cli/case_report.hpp"
#include "cli/commands.hpp"
#include "cli/downstream.hpp"
#include "cli/flow_network.hpp"
#include "cli/impact_view.hpp"
#include "cli/palette.hpp"
#include "cli/temporary_side.hpp"
#include "flow/case_file.hpp"
#include "flowtest/case_run.hpp"
#include "flowtest/junit.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

Result<> add_folder(const std::string& folder, std::vector<std::string>& files) {
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if (name.starts_with('.')) at.disable_recursion_pending();
    } else if (flow::is_case_file(name) && !name.starts_with('.')) {
      files.push_back(at->path().lexically_normal().string());
    }
  }
  if (!error) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("folder {}: {}", folder, error.message()));
}

/// The tests of a flow's file are those beside it.
Result<std::string> tests_beside(const std::string& file) {
  std::string tests = flow::case_file_beside(file);
  if (!tests.empty()) return tests;
  for (const std::string_view ending : {".yaml", ".yml"}) {
    if (!file.ends_with(ending)) continue;
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: has no tests; they stand in {}.test.yaml", file,
                            file.substr(0, file.size() - ending.size())));
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: is no file of tests; those end in .test.yaml", file));
}

Result<std::vector<std::string>> find_files(std::vector<std::string> paths) {
  if (paths.empty()) paths.emplace_back(".");
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      TRY(add_folder(path, files));
    } else if (!fs::exists(path, error)) {
      return fail(ErrorCode::kNotFound, fmt::format("{}: does not exist", path));
    } else if (flow::is_case_file(path)) {
      files.push_back(path);
    } else {
      TRY_ASSIGN(std::string tests, tests_beside(path));
      files.push_back(std::move(tests));
    }
  }
  std::ranges::sort(files);
  const auto again = std::ranges::unique(files);
  files.erase(again.begin(), again.end());
  if (!files.empty()) return files;
  return fail(ErrorCode::kNotFound,
              fmt::format("{}: no *.test.yaml in it or below it", fmt::join(paths, ", ")));
}

/// "*" stands for any text; without one, the pattern may stand anywhere.
bool fits_pattern(std::string_view text, std::string_view pattern) {
  if (pattern.find('*') == std::string_view::npos) {
    return text.find(pattern) != std::string_view::npos;
  }
  bool first = true;
  while (true) {
    const std::size_t star = pattern.find('*');
    const std::string_view part = pattern.substr(0, star);
    if (star == std::string_view::npos) {
      return first ? text == part : text.size() >= part.size() && text.ends_with(part);
    }
    const std::size_t at =
        first ? (text.starts_with(part) ? 0 : std::string_view::npos) : text.find(part);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + part.size());
    pattern.remove_prefix(star + 1);
    first = false;
  }
}

/// No test sees a real secret, or tells of its tables to others.
void clean_environment() {
  std::vector<std::string> names;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    if (entry.starts_with("DYNA_SECRET_")) names.emplace_back(entry.substr(0, entry.find('=')));
  }
  // Before any thread is there.
  for (const std::string& name : names) ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  ::setenv("OPENLINEAGE_DISABLED", "true", 1);                     // NOLINT(concurrency-mt-unsafe)
}

class Tests {
 public:
  explicit Tests(CommandContext& context)
      : context_(context), report_(context.output, context.arguments.json) {}

  CommandResult run();

 private:
  [[nodiscard]] bool is_wanted(const flow::FlowCase& test) const;
  Result<> list(const std::string& path);
  Result<> run_file(const std::string& file);
  [[nodiscard]] flowtest::CasePorts ports();
  bool was_told();
  Result<> write_junit() const;
  CommandResult run_downstream();
  CommandResult end(const std::optional<Error>& unreadable, bool is_broken);

  CommandContext& context_;
  CaseReport report_;
  Signals signals_;  // before any thread
  bool told_ = false;
  std::size_t wanted_ = 0;
};

bool Tests::was_told() {
  while (const auto signal = signals_.next()) {
    if (*signal != Signal::kResized) told_ = true;
  }
  return told_;
}

bool Tests::is_wanted(const flow::FlowCase& test) const {
  const auto& only = context_.arguments.only;
  return only.empty() || std::ranges::any_of(only, [&test](const std::string& pattern) {
           return fits_pattern(test.id, pattern);
         });
}

flowtest::CasePorts Tests::ports() {
  flowtest::CasePorts ports;
  ports.evaluator = context_.parts.evaluator;
  ports.loader = flow::from_canonical;
  ports.make_store = context_.parts.make_memory_store;
  ports.open_real = [this](const flow::FlowCase& test) {
    return TemporarySide::open(context_.parts, test);
  };
  ports.interrupted = [this] { return was_told(); };
  return ports;
}

Result<> Tests::run_file(const std::string& path) {
  TRY_ASSIGN(const flow::CaseFile file, flow::read_case_file(path, context_.parts.plugin_types));
  report_.begin(file);
  if (!file.good) return {};
  const flowtest::CasePorts all = ports();
  for (const flow::FlowCase& test : file.cases) {
    if (!is_wanted(test)) continue;
    ++wanted_;
    if (was_told()) return {};
    const Millis before = context_.parts.clock->now();
    const flowtest::CaseResult result = flowtest::run_case(file, test, all);
    if (result.interrupted) return {};
    report_.ended(file, test, result, context_.parts.clock->now() - before);
  }
  return {};
}

Result<> Tests::list(const std::string& path) {
  TRY_ASSIGN(const flow::CaseFile file, flow::read_case_file(path, context_.parts.plugin_types));
  if (!file.good) report_.begin(file);
  for (const flow::FlowCase& test : file.good ? file.cases : std::vector<flow::FlowCase>()) {
    if (!is_wanted(test)) continue;
    ++wanted_;
    report_.list(file, test);
  }
  return {};
}

Result<> Tests::write_junit() const {
  const std::string& path = context_.arguments.junit;
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << flowtest::junit_xml(report_.suites());
  file.close();
  if (file) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be written", path));
}

/// The tests of the flows that change and of all behind them, what these make of what the others
/// make now, and what can be said without running anything.
CommandResult Tests::run_downstream() {
  const Arguments& arguments = context_.arguments;
  if (arguments.files.empty() && arguments.mesh.tasks.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "--downstream wants to know what changes: name files or folders of flows");
  }
  TRY_ASSIGN(const FlowNetwork network, network_here(context_));
  clean_environment();
  mesh::Impact impact =
      mesh::impact_of(network.before, network.changes, context_.parts.clock->wall());
  Downstream downstream(network, impact, {context_.parts.plugin_types, [this] { return ports(); }});
  std::optional<Error> unreadable;
  for (const std::string& file : downstream.test_files()) {
    const Result<> done = run_file(file);
    if (!done.has_value()) unreadable = done.error();
  }
  TRY_ASSIGN(const bool whole, downstream.run());
  told_ = told_ || !whole;
  for (const mesh::Break& one : downstream.breaks()) impact.breaks.push_back(one);
  report_.borders(network, impact, downstream.borders());
  report_.finish(told_);
  if (arguments.json) {
    context_.output.write(impact_json(network, impact));
  } else if (arguments.mesh.markdown) {
    context_.output.write(impact_markdown(network, impact));
  } else {
    context_.output.write("\n" +
                          impact_text(network, impact, Palette(wants_colour(context_.output))));
  }
  TRY(write_junit());
  return end(unreadable, !impact.breaks.empty());
}

CommandResult Tests::end(const std::optional<Error>& unreadable, bool is_broken) {
  if (unreadable.has_value()) return std::unexpected<Error>(*unreadable);
  if (told_) return ExitCode::kCancelled;
  if (report_.wrong_files() > 0) return ExitCode::kUsage;
  return report_.failed() > 0 || is_broken ? ExitCode::kRunError : ExitCode::kOk;
}

CommandResult Tests::run() {
  if (context_.arguments.mesh.downstream) return run_downstream();
  TRY_ASSIGN(const std::vector<std::string> files, find_files(context_.arguments.files));
  std::optional<Error> unreadable;
  if (!context_.arguments.list) clean_environment();
  for (const std::string& file : files) {
    const Result<> done = context_.arguments.list ? list(file) : run_file(file);
    if (done.has_value()) continue;
    // The others are run all the same.
    if (unreadable.has_value()) print_error(unreadable->message);
    unreadable = done.error();
  }
  if (wanted_ == 0 && report_.wrong_files() == 0 && !unreadable.has_value()) {
    return fail(ErrorCode::kNotFound, fmt::format("no test is called '{}'",
                                                  fmt::join(context_.arguments.only, "' or '")));
  }
  if (!context_.arguments.list) {
    if (context_.arguments.coverage) report_.coverage();
    report_.finish(told_);
    TRY(write_junit());
  }
  return end(unreadable, false);
}

}  // namespace

CommandResult flow_test_command(CommandContext& context) {
  return Tests(context).run();
}

}  // namespace cordyna::cli
