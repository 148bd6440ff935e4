// dyna cache: what the cache of a state holds, and how to empty it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/prune_text.hpp"
#include "process/cache/entries.hpp"

namespace cordyna::cli {
namespace {

using cache::Entry;

/// Of the flow "id" or "namespace.id"; of all, where none is named.
Result<std::vector<Entry>> entries_of(const StateLayout& layout, const std::string& flow) {
  TRY_ASSIGN(std::vector<Entry> entries, cache::list_entries(layout));
  if (flow.empty()) return entries;
  std::erase_if(entries, [&flow](const Entry& entry) {
    return entry.flow != flow && !entry.flow.ends_with("." + flow);
  });
  return entries;
}

std::string as_json(const std::vector<Entry>& entries) {
  std::string out;
  for (const Entry& entry : entries) {
    out += "{\"key\":";
    append_json(out, entry.key);
    out += ",\"flow\":";
    append_json(out, entry.flow);
    out += ",\"task\":";
    append_json(out, entry.task);
    fmt::format_to(std::back_inserter(out),
                   ",\"run\":{},\"at\":\"{}\",\"bytes\":{},\"artifacts\":{}}}\n", entry.run,
                   format_timestamp(entry.at), entry.bytes, entry.artifacts.size());
  }
  return out;
}

std::string as_table(const std::vector<Entry>& entries, Millis now) {
  std::size_t flow_width = 4;
  std::size_t task_width = 4;
  for (const Entry& entry : entries) {
    flow_width = std::max(flow_width, display_width(printable(entry.flow)));
    task_width = std::max(task_width, display_width(printable(entry.task)));
  }
  std::string out = fmt::format("KEY       {}  {}  {}  {}  {}\n", pad("FLOW", flow_width),
                                pad("TASK", task_width), pad("RUN", 6), pad("AGE", 8), "SIZE");
  for (const Entry& entry : entries) {
    fmt::format_to(std::back_inserter(out), "{}  {}  {}  {}  {}  {}\n", entry.key.substr(0, 8),
                   pad(printable(entry.flow), flow_width), pad(printable(entry.task), task_width),
                   pad(std::to_string(entry.run), 6), pad(format_delay(now - entry.at), 8),
                   bytes_text(entry.bytes));
  }
  return out;
}

CommandResult clear(CommandContext& context, const StateLayout& layout,
                    const std::vector<Entry>& entries) {
  PruneCounts counts;
  for (const Entry& entry : entries) {
    TRY(cache::remove_entry(layout, entry.key));
    ++counts.entries;
    counts.bytes += entry.bytes;
  }
  if (context.arguments.json) {
    context.output.write(
        fmt::format("{{\"removed\":{},\"bytes\":{}}}\n", counts.entries, counts.bytes));
  } else if (counts.entries == 0) {
    context.output.write("there is nothing in the cache to remove\n");
  } else {
    context.output.write(prune_text(counts, false) + "\n");
  }
  return ExitCode::kOk;
}

}  // namespace

CommandResult cache_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  TRY_ASSIGN(const std::vector<Entry> entries, entries_of(layout, arguments.flow_id));
  if (arguments.action == "clear") return clear(context, layout, entries);
  if (arguments.json) {
    context.output.write(as_json(entries));
  } else if (entries.empty()) {
    context.output.write("the cache is empty\n");
  } else {
    context.output.write(as_table(entries, context.parts.clock->now()));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
