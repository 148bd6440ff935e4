// What several commands need.
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kLargeFlow = 256 << 10;

std::uint32_t core_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace

Result<flow::Parsed> parse_and_report(const CommandContext& context, const std::string& file) {
  TRY_ASSIGN(flow::Parsed parsed, flow::parse_file(file, context.parts.plugin_types));
  std::size_t errors = 0;
  for (const flow::Diagnostic& found : parsed.diagnostics) {
    print_hint(printable(flow::format(found)));
    errors += found.severity == flow::Severity::kError ? 1 : 0;
  }
  if (parsed.flow == nullptr) print_error(fmt::format("{}: {}", file, counted(errors, "error")));
  // The tree of a large file is gone, but its memory is not given back by itself.
  if (parsed.canonical.size() > kLargeFlow) ::malloc_trim(0);
  return parsed;
}

Result<StateLayout> state_here(const CommandContext& context) {
  TRY(refuse_server(context));
  TRY_ASSIGN(const std::string folder, working_folder());
  return find_state(context.choice, folder);
}

Result<std::shared_ptr<const Flow>> load_flow(StoreReader& reader, const RunRow& run) {
  TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(run.flow_hash));
  return flow::from_canonical(version.canonical, run.folder);
}

std::unique_ptr<Renderer> make_renderer(const CommandContext& context, RenderOptions options) {
  Follow style = context.arguments.json ? Follow::kJson : context.arguments.follow;
  if (style == Follow::kAuto) {
    style = can_draw(context.output) && !options.many_runs ? Follow::kPretty : Follow::kPlain;
  }
  options.colour = wants_colour(context.output);
  if (style == Follow::kJson) return make_json_view();
  if (style == Follow::kPretty && !options.many_runs) return make_pretty_view(options);
  return make_plain_view(options);
}

SessionSettings session_settings(const CommandContext& context) {
  SessionSettings settings;
  settings.slots = context.arguments.slots > 0 ? context.arguments.slots : core_count();
  if (!context.choice.option.empty()) settings.state_option = " --state " + context.choice.option;
  return settings;
}

Result<TaskIndex> find_task(const Flow& flow, const std::string& name) {
  std::vector<std::string_view> names;
  const std::string task = task_in_path(name);
  for (std::size_t i = 0; i < flow.tasks.size(); ++i) {
    if (flow.tasks[i].id == task) return static_cast<TaskIndex>(i);
    names.emplace_back(flow.tasks[i].id);
  }
  const std::string near = nearest(name, names);
  return fail(ErrorCode::kNotFound,
              fmt::format("flow '{}' has no task '{}'{}", flow.id, name,
                          near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

}  // namespace cordyna::cli
