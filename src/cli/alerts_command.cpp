// dyna alerts: what is not well, who is told of it, and how their channels fare. dyna teams: who is
// to be told, as teams.yaml says.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "cli/state_folder.hpp"
#include "cli/table.hpp"
#include "client/json_slice.hpp"
#include "flow/teams_file.hpp"

namespace cordyna::cli {
namespace {

using client::JsonSlice;

std::string time_or_dash(const JsonSlice& from, std::string_view name) {
  const Millis at = from.time(name);
  return at == 0 ? "-" : seconds_text(at);
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : printable(text);
}

std::string channels_table(const JsonSlice& all) {
  std::vector<std::vector<std::string>> rows{
      {"CHANNEL", "TYPE", "ALERTS", "WAITING", "SENT", "NEXT TRY"}};
  std::string problems;
  for (const JsonSlice& one : all.member("channels").items()) {
    rows.push_back({printable(one.text("channel")), one.text("type"),
                    std::to_string(one.number("alerts")), std::to_string(one.number("waiting")),
                    time_or_dash(one, "sent_at"), time_or_dash(one, "next_at")});
    const std::string problem = one.text("problem");
    if (problem.empty()) continue;
    problems += fmt::format("{}: {}\n", printable(one.text("channel")), printable(problem));
  }
  return rows.size() == 1 ? std::string() : as_columns(rows) + problems;
}

/// "(kim is at it) "
std::string at_it(const JsonSlice& alert) {
  const std::string by = alert.text("acknowledged_by");
  return by.empty() ? by : fmt::format("({} is at it) ", printable(by));
}

std::string alerts_table(const JsonSlice& all) {
  std::vector<std::vector<std::string>> rows{
      {"SINCE", "TEAM", "CHANNEL", "WHAT", "TIMES", "TOLD", "RUN", "ALERT", "DESCRIPTION"}};
  for (const JsonSlice& one : all.member("alerts").items()) {
    const std::string code = one.text("code");
    const bool well = one.time("well_since") != 0;
    rows.push_back({time_or_dash(one, "since"), printable(one.text("team")),
                    printable(one.text("channel")), printable(one.text("what")),
                    std::to_string(one.number("count")), time_or_dash(one, "told_at"),
                    one.number("last_run") > 0 ? std::to_string(one.number("last_run")) : "-",
                    one.text("alert"),
                    (well ? "(well again) " : "") + at_it(one) + (code.empty() ? "" : code + ": ") +
                        printable(one.text("description"))});
  }
  return rows.size() == 1 ? "nothing is wrong that somebody was to be told of\n" : as_columns(rows);
}

CommandResult try_out(CommandContext& context, const client::ApiClient& server) {
  const std::string& channel = context.arguments.channel;
  TRY(server.send({.path = fmt::format("/channels/{}/test", client::segment(channel))}));
  if (context.arguments.json) {
    context.output.write(fmt::format("{{\"channel\":{},\"sent\":true}}\n", json_string(channel)));
  } else {
    context.output.write(fmt::format("channel {} took a message\n", printable(channel)));
  }
  return ExitCode::kOk;
}

CommandResult acknowledge(CommandContext& context, const client::ApiClient& server) {
  const std::string& alert = context.arguments.acknowledged;
  TRY(server.send({.path = fmt::format("/alerts/{}/acknowledge", client::segment(alert))}));
  if (context.arguments.json) {
    context.output.write(
        fmt::format("{{\"alert\":{},\"acknowledged\":true}}\n", json_string(alert)));
  } else {
    context.output.write(
        fmt::format("alert {} is yours: it is told when all is well again\n", printable(alert)));
  }
  return ExitCode::kOk;
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  out += fmt::format(",\"{}\":[", name);
  for (const std::string& text : texts) {
    if (&text != texts.data()) out += ',';
    append_json(out, text);
  }
  out += ']';
}

std::string teams_json(const AlertPlan& plan) {
  std::string out;
  for (const TeamSpec& team : plan.teams) {
    out += "{\"team\":" + json_string(team.name);
    if (!team.description.empty()) {
      out += ",\"description\":";
      append_json(out, team.description);
    }
    append_list(out, "contacts", team.contacts);
    append_list(out, "channels", team.channels);
    out += "}\n";
  }
  return out;
}

std::string teams_table(const AlertPlan& plan) {
  std::vector<std::vector<std::string>> rows{{"TEAM", "CHANNELS", "CONTACTS", "DESCRIPTION"}};
  for (const TeamSpec& team : plan.teams) {
    rows.push_back({team.name, or_dash(fmt::format("{}", fmt::join(team.channels, ", "))),
                    or_dash(fmt::format("{}", fmt::join(team.contacts, ", "))),
                    or_dash(team.description)});
  }
  return as_columns(rows);
}

}  // namespace

CommandResult alerts_command(CommandContext& context) {
  TRY_ASSIGN(const client::ApiClient server, server_wanted(context, "alerts"));
  if (!context.arguments.channel.empty()) return try_out(context, server);
  if (!context.arguments.acknowledged.empty()) return acknowledge(context, server);
  TRY_ASSIGN(const std::string text, server.get("/alerts"));
  if (context.arguments.json) {
    context.output.write(text + "\n");
    return ExitCode::kOk;
  }
  TRY_ASSIGN(const JsonSlice all, JsonSlice::parse(text));
  const std::string problem = all.text("problem");
  std::string out = channels_table(all);
  if (out.empty() && problem.empty()) {
    out =
        "nobody is told: there is no teams.yaml beside the server's cordyna.yaml, or no channel "
        "in it\n";
  }
  if (!problem.empty()) out = fmt::format("{}\n\n", printable(problem)) + out;
  const bool any = all.member("alerts").items().size() + all.member("channels").items().size() > 0;
  if (any) out += "\n" + alerts_table(all);
  context.output.write(out);
  return ExitCode::kOk;
}

CommandResult teams_command(CommandContext& context) {
  const auto& files = context.arguments.files;
  TRY_ASSIGN(const std::string here, working_folder());
  std::string path = flow::teams_path(
      files.empty() ? here : std::filesystem::absolute(files.front()).lexically_normal().string());
  std::error_code error;
  if (!files.empty() && std::filesystem::is_regular_file(files.front(), error)) {
    path = std::filesystem::absolute(files.front()).lexically_normal().string();
  }
  TRY_ASSIGN(const flow::Teams teams, flow::load_teams(path));
  if (!teams.is_there) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no {}; it says who is told of what goes wrong: 'dyna schema "
                            "--teams --reference' explains its keys",
                            printable(path)));
  }
  if (context.arguments.json) {
    context.output.write(teams_json(teams.plan));
  } else if (teams.plan.teams.empty()) {
    context.output.write(fmt::format("{} names no team\n", printable(path)));
  } else {
    context.output.write(teams_table(teams.plan));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
