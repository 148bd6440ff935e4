// dyna conformance: whether a task server keeps the protocol.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/palette.hpp"
#include "cli/table.hpp"
#include "conformance/kit.hpp"

namespace cordyna::cli {
namespace {

using conformance::CheckInfo;
using conformance::Outcome;

/// `text` behind `front`, its lines each so far in.
std::string indented(std::string_view front, const std::string& text) {
  std::string out(front);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (begin > 0) out += std::string(front.size(), ' ');
    out += printable(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return text.empty() ? std::string() : out;
}

std::string checks_table() {
  std::vector<std::vector<std::string>> rows{{"CHECK", "LEVEL", "RULE", "DOCS/PROTOCOL.MD"}};
  for (const CheckInfo& check : conformance::known_checks()) {
    rows.push_back({std::string(check.name), std::to_string(check.level), std::string(check.rule),
                    std::string(check.where)});
  }
  return as_columns(rows);
}

std::string checks_json() {
  std::string out = "[";
  for (const CheckInfo& check : conformance::known_checks()) {
    out += fmt::format(R"({}{{"check":"{}","level":{},"rule":{},"where":{}}})",
                       out.size() > 1 ? ",\n " : "", check.name, check.level,
                       json_string(check.rule), json_string(check.where));
  }
  return out + "]\n";
}

std::string report_json(const conformance::Report& report) {
  std::string out =
      fmt::format(R"({{"level":{},"ok":{},"checks":[)", report.level, report.is_fine());
  for (bool first = true; const Outcome& one : report.outcomes) {
    out += fmt::format(
        R"({}{{"check":"{}","level":{},"rule":{},"where":{},"ok":{},"seconds":{:.3f})",
        std::exchange(first, false) ? "" : ",\n ", one.check, one.level, json_string(one.rule),
        json_string(one.where), !one.broken.has_value(), static_cast<double>(one.took) / 1000);
    if (one.broken.has_value()) {
      out += ",\"seen\":";
      append_json(out, one.broken->seen);
      out += ",\"right\":";
      append_json(out, one.broken->right);
      if (!one.in_check.empty()) out += fmt::format(R"(,"in_check":"{}")", one.in_check);
      out += ",\"output\":";
      append_json(out, one.output);
      if (!one.trace.empty()) {
        out += ",\"trace\":";
        append_json(out, one.trace);
      }
    }
    out += "}";
  }
  return out + "]}\n";
}

std::string report_text(const conformance::Report& report, const Palette& palette) {
  std::size_t width = 0;
  for (const Outcome& one : report.outcomes) width = std::max(width, one.check.size());
  std::string out;
  std::size_t broken = 0;
  for (const Outcome& one : report.outcomes) {
    const bool ok = !one.broken.has_value();
    out += fmt::format(
        "{}  {}  {}\n",
        ok ? palette.paint(Colour::kGreen, "ok    ") : palette.paint(Colour::kRed, "broken"),
        pad(one.check, width), one.rule);
    if (ok) continue;
    ++broken;
    out += indented("        seen:   ", one.broken->seen);
    if (!one.in_check.empty()) out += indented("        in:     ", std::string(one.in_check));
    out += indented("        right:  ", one.broken->right);
    out += indented("        see:    ", fmt::format("docs/protocol.md, {}", one.where));
    out += indented("        said:   ", one.trace);
    out += indented("        output: ", one.output);
  }
  return out + fmt::format("level {}: {}, {} broken\n", report.level,
                           counted(report.outcomes.size(), "check"), broken);
}

/// The servers under test have process groups of their own: Ctrl-C does not reach them.
void watch(Signals& signals, const std::stop_token& over, std::atomic<bool>& stop) {
  constexpr int kLookMillis = 100;
  while (!over.stop_requested()) {
    pollfd item{signals.fd(), POLLIN, 0};
    ::poll(&item, 1, kLookMillis);
    const auto signal = signals.next();
    if (signal == Signal::kInterrupt || signal == Signal::kLeave) stop = true;
  }
}

}  // namespace

CommandResult conformance_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.list) {
    context.output.write(arguments.json ? checks_json() : checks_table());
    return ExitCode::kOk;
  }
  if (arguments.conformance.command.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "--server CMD is missing: the command that starts the task server");
  }
  conformance::Wishes wishes;
  wishes.command = arguments.conformance.command;
  wishes.level = arguments.conformance.level;
  wishes.only = arguments.only;
  wishes.redis = arguments.conformance.redis;
  wishes.keep_trace = arguments.conformance.trace;
  if (arguments.conformance.jobs > 0) wishes.jobs = arguments.conformance.jobs;
  // The progress is for people alone, and goes where the report does not.
  Output errors(STDERR_FILENO);
  const bool live = can_draw(errors);
  const auto progress = [&](std::size_t done, std::size_t all, const Outcome& last) {
    if (!live) return;
    errors.write(fmt::format("\r\x1b[K{}/{} {}", done, all, last.check));
  };
  std::atomic<bool> stop = false;
  wishes.stop = &stop;
  Signals signals;
  std::jthread watcher([&](const std::stop_token& over) { watch(signals, over, stop); });
  const auto report = conformance::run_checks(wishes, progress);
  watcher.request_stop();
  watcher.join();
  if (live) errors.write("\r\x1b[K");
  if (!report.has_value()) return std::unexpected<Error>(report.error());
  const Palette palette(wants_colour(context.output));
  context.output.write(arguments.json ? report_json(*report) : report_text(*report, palette));
  return report->is_fine() ? ExitCode::kOk : ExitCode::kRunError;
}

}  // namespace cordyna::cli
