// dyna servers: the task servers of a server, and dyna trace: what was said to them for a run.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/run_lookup.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "client/json_slice.hpp"
#include "server/tasks/task_log.hpp"

namespace cordyna::cli {
namespace {

using client::JsonSlice;

std::string seen_text(const JsonSlice& server) {
  const Millis at = server.time("seen_at");
  return at > 0 ? seconds_text(at) : "-";
}

std::string slots_text(const JsonSlice& server) {
  std::string out;
  for (const auto& [name, slots] : server.member("slots").members()) {
    out += fmt::format("{}{}{}", out.empty() ? "" : " ",
                       name == "default" ? std::string() : printable(name) + "=", slots.raw());
  }
  return out.empty() ? "-" : out;
}

std::string servers_table(const std::vector<JsonSlice>& servers) {
  std::vector<std::vector<std::string>> rows{{"SERVER", "STATE", "SINCE", "LAST SEEN", "TASKS",
                                              "SLOTS", "IN FLIGHT", "RECONNECTS", "SDK"}};
  for (const JsonSlice& server : servers) {
    const Millis since = server.time("since");
    const std::string sdk = server.text("sdk");
    rows.push_back(
        {printable(server.text("team") + "/" + server.text("server")),
         printable(server.text("state")), since > 0 ? seconds_text(since) : "-", seen_text(server),
         std::to_string(server.member("tasks").items().size()), slots_text(server),
         std::to_string(server.member("in_flight").items().size()),
         std::string(server.member("reconnects").raw()),
         sdk.empty() ? fmt::format("level {}", server.number("level")) : printable(sdk)});
  }
  return as_columns(rows);
}

/// "12:00:01.250" and what came after the message before.
std::string message_line(const JsonSlice& message, Millis before) {
  const Millis at = message.time("at");
  const std::string after =
      before > 0 ? fmt::format("+{} ms", std::max<Millis>(at - before, 0)) : std::string();
  const bool sent = message.text("from") == "cerebro";
  const std::string server = printable(message.text("server"));
  const std::string detail = printable(message.text("detail"));
  return fmt::format("{}  {:>10}  {}  {:<16}  {} attempt {}{}{}\n",
                     format_timestamp(at).substr(11, 12), after,
                     sent ? "cerebro → " + server : server + " → cerebro",
                     printable(message.text("type")), printable(message.text("task")),
                     message.number("attempt"), detail.empty() ? "" : "  ", detail);
}

}  // namespace

CommandResult servers_command(CommandContext& context) {
  TRY_ASSIGN(const client::ApiClient server, server_wanted(context, "servers"));
  TRY_ASSIGN(const std::string answer, server.get("/task-servers"));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(answer));
  const JsonSlice servers = json.member("servers");
  if (context.arguments.json) {
    context.output.write(std::string(servers.raw()) + "\n");
  } else if (servers.items().empty()) {
    context.output.write("no task servers have come yet; docs/protocol.md says how one does\n");
  } else {
    context.output.write(servers_table(servers.items()));
  }
  return ExitCode::kOk;
}

CommandResult trace_command(CommandContext& context) {
  TRY_ASSIGN(const Side side, side_here(context));
  TRY_ASSIGN(const RunRow run, find_run(*side.reader, context.arguments.run));
  std::vector<std::string> lines;
  std::string answer;
  bool more = false;
  if (side.server.has_value()) {
    TRY_ASSIGN(answer, side.server->get("/runs/" + run.id.value + "/messages"));
    TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(answer));
    for (const JsonSlice& one : json.member("messages").items()) lines.emplace_back(one.raw());
    more = json.flag("more");
  } else {
    lines = server::read_messages_of(side.layout, run.no);
    more = lines.size() > server::kMessagesShown;
    if (more) lines.pop_back();
  }
  if (context.arguments.json) {
    context.output.write(fmt::format("[{}]\n", fmt::join(lines, ",\n ")));
    return ExitCode::kOk;
  }
  if (lines.empty()) {
    context.output.write(fmt::format(
        "run {}: no messages; its tasks are not those of task servers, or have not begun\n",
        run.no));
    return ExitCode::kOk;
  }
  std::string out;
  Millis before = 0;
  for (const std::string& line : lines) {
    TRY_ASSIGN(const JsonSlice message, JsonSlice::parse(line));
    out += message_line(message, before);
    before = message.time("at");
  }
  if (more) out += fmt::format("… and more; these are the first {}\n", lines.size());
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
