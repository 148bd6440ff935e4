// dyna datasets: what flows make and read, whose it is, how fresh it is, and what it must be.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/flow_network.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kLookBack = 100;  // runs of a flow

/// How the runs of a flow have ended.
struct LastEnds {
  Millis good_at = 0;  ///< 0: none of those that were looked at
  RunNo bad = 0;       ///< 0: none of those that were looked at
  Millis bad_at = 0;
  std::string bad_state;
};

struct Listed {
  mesh::DataInfo info;
  std::set<std::string> owners;                          ///< of those who make it
  std::map<std::string, std::set<std::string>> readers;  ///< flow → owners of what reads it
  Millis fresh_at = 0;
  std::string fresh_flow;
  LastEnds broken{};
  std::string broken_flow;
};

Result<LastEnds> last_ends(StoreReader& reader, const mesh::Node& node) {
  RunFilter filter;
  filter.ns = node.flow->ns;
  filter.flow_id = node.flow->id;
  filter.limit = kLookBack;
  TRY_ASSIGN(const std::vector<RunRow> runs, reader.list_runs(filter));
  LastEnds ends;
  for (const RunRow& run : runs) {
    const bool good = run.state == RunState::kCompleted || run.state == RunState::kWarning;
    if (good && ends.good_at == 0) ends.good_at = run.ended_at;
    if (run.state == RunState::kError && ends.bad == 0) {
      ends.bad = run.no;
      ends.bad_at = run.ended_at;
      ends.bad_state = to_string(run.state);
    }
    if (ends.good_at != 0 && ends.bad != 0) break;
  }
  return ends;
}

class Lister {
 public:
  Lister(const FlowNetwork& network, StoreReader* reader) : network_(network), reader_(reader) {}

  Result<Listed> list(mesh::DataInfo info) {
    Listed listed;
    for (const std::string& name : info.makers) {
      const mesh::Node& node = *network_.before.find(name);
      for (const mesh::Use& use : node.makes) {
        if (use.data.id == info.data.id) listed.owners.insert(use.owner);
      }
      TRY_ASSIGN(const LastEnds ends, ends_of(name));
      if (ends.good_at > listed.fresh_at) {
        listed.fresh_at = ends.good_at;
        listed.fresh_flow = name;
      }
      if (ends.bad_at > listed.broken.bad_at) {
        listed.broken = ends;
        listed.broken_flow = name;
      }
    }
    mesh::Use made;
    made.data = info.data;
    for (const std::string& name : info.readers) {
      for (const mesh::Use& use : network_.before.find(name)->reads) {
        if (use.data.id == info.data.id || mesh::takes(use, made)) {
          listed.readers[name].insert(use.owner);
        }
      }
    }
    listed.info = std::move(info);
    return listed;
  }

 private:
  Result<LastEnds> ends_of(const std::string& name) {
    const auto known = ends_.find(name);
    if (known != ends_.end()) return known->second;
    LastEnds ends;
    if (reader_ != nullptr) {
      TRY_ASSIGN(ends, last_ends(*reader_, *network_.before.find(name)));
    }
    return ends_.emplace(name, ends).first->second;
  }

  const FlowNetwork& network_;
  StoreReader* reader_;
  std::map<std::string, LastEnds> ends_;
};

bool is_of_team(const Listed& listed, const std::string& team) {
  return listed.owners.contains(team) ||
         std::ranges::any_of(listed.readers,
                             [&team](const auto& one) { return one.second.contains(team); });
}

std::string joined(const std::set<std::string>& names) {
  return names.empty() ? "-" : printable(fmt::format("{}", fmt::join(names, ", ")));
}

std::string table_of(const std::vector<Listed>& all) {
  std::vector<std::vector<std::string>> rows{
      {"DATASET", "OWNER", "MADE BY", "READ BY", "COLUMNS", "FRESH", "LAST BREAK"}};
  for (const Listed& one : all) {
    std::set<std::string> readers;
    for (const auto& [flow, owners] : one.readers) readers.insert(flow);
    const std::set<std::string> makers(one.info.makers.begin(), one.info.makers.end());
    rows.push_back(
        {printable(one.info.data.name), joined(one.owners), joined(makers), joined(readers),
         one.info.columns.empty() ? "-" : fmt::format("{}", one.info.columns.size()),
         one.fresh_at == 0 ? "-" : seconds_text(one.fresh_at),
         one.broken.bad == 0
             ? "-"
             : fmt::format("{} run {}", seconds_text(one.broken.bad_at), one.broken.bad)});
  }
  return as_columns(rows);
}

std::string whole_of(const Listed& one) {
  std::string out = printable(one.info.data.name) + "\n";
  const auto line = [&out](std::string_view name, const std::string& text) {
    out += fmt::format("  {:<11} {}\n", name, text);
  };
  line("place", printable(one.info.data.id));
  line("owner", joined(one.owners));
  for (const std::string& maker : one.info.makers) line("made by", printable(maker));
  if (one.info.makers.empty()) line("made by", "nobody here: it comes from outside");
  for (const auto& [flow, owners] : one.readers) {
    line("read by", fmt::format("{}  owner {}", printable(flow), joined(owners)));
  }
  if (one.readers.empty()) line("read by", "nobody");
  line("fresh", one.fresh_at == 0 ? "no run of who makes it has completed"
                                  : fmt::format("{}, by {}", seconds_text(one.fresh_at),
                                                printable(one.fresh_flow)));
  if (one.broken.bad != 0) {
    line("last break", fmt::format("{}, run {} of {}", seconds_text(one.broken.bad_at),
                                   one.broken.bad, printable(one.broken_flow)));
  }
  for (const mesh::Column& column : one.info.columns) {
    line("column", fmt::format("{}  {}", printable(column.name), printable(column.type)));
  }
  return out;
}

void append_texts(std::string& out, const auto& texts) {
  out += '[';
  for (const std::string& one : texts) {
    if (!out.ends_with('[')) out += ',';
    append_json(out, one);
  }
  out += ']';
}

std::string json_of(const Listed& one) {
  std::string out = "{\"dataset\":";
  append_json(out, one.info.data.name);
  out += ",\"place\":";
  append_json(out, one.info.data.id);
  out += ",\"owners\":";
  append_texts(out, one.owners);
  out += ",\"made_by\":";
  append_texts(out, one.info.makers);
  out += ",\"read_by\":[";
  for (const auto& [flow, owners] : one.readers) {
    out += out.ends_with('[') ? "{\"flow\":" : ",{\"flow\":";
    append_json(out, flow);
    out += ",\"owners\":";
    append_texts(out, owners);
    out += '}';
  }
  out += "],\"columns\":[";
  for (const mesh::Column& column : one.info.columns) {
    out += out.ends_with('[') ? "{\"name\":" : ",{\"name\":";
    append_json(out, column.name);
    out += ",\"type\":";
    append_json(out, column.type);
    out += '}';
  }
  out += ']';
  if (one.fresh_at != 0) {
    out += fmt::format(",\"fresh_at\":\"{}\"", format_timestamp(one.fresh_at));
  }
  if (one.broken.bad != 0) {
    out += fmt::format(",\"last_break\":{{\"at\":\"{}\",\"run\":{},\"flow\":",
                       format_timestamp(one.broken.bad_at), one.broken.bad);
    append_json(out, one.broken_flow);
    out += '}';
  }
  return out + '}';
}

}  // namespace

CommandResult datasets_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const FlowNetwork network, network_here(context));
  auto side = side_here(context);
  if (!side.has_value() && side.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(side.error());
  }
  Lister lister(network, side.has_value() ? side->reader.get() : nullptr);
  std::vector<Listed> all;
  for (mesh::DataInfo& info : network.before.datasets()) {
    if (info.data.name.find(arguments.at.name) == std::string::npos) continue;
    TRY_ASSIGN(Listed listed, lister.list(std::move(info)));
    if (!arguments.at.team.empty() && !is_of_team(listed, arguments.at.team)) continue;
    all.push_back(std::move(listed));
  }
  const bool whole = !arguments.at.name.empty();
  if (whole && all.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no data is called '{}'; 'dyna datasets' lists what there is",
                            printable(arguments.at.name)));
  }
  std::string out;
  if (arguments.json) {
    out = "[";
    for (const Listed& one : all) out += (out.size() > 1 ? ",\n " : "") + json_of(one);
    out += "]\n";
  } else if (all.empty()) {
    out = "no data: no flow that is known here loads or shares any\n";
  } else if (whole) {
    for (const Listed& one : all) out += (out.empty() ? "" : "\n") + whole_of(one);
  } else {
    out = table_of(all);
  }
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
